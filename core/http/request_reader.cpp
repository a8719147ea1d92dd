#include "core/http/request_reader.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <utility>

namespace foldlog::http {
namespace {

namespace beast = boost::beast;

constexpr std::size_t kept_capacity = 1U << 16;  // an idle connection holds no more than this for chunked bodies

problem too_large(const request_limits& limits) {
  return {.kind = problem_kind::body_too_large,
          .detail = "the body may have " + std::to_string(limits.body_bytes) + " bytes"};
}

problem longer_than_it_says() {
  return {.kind = problem_kind::malformed_request, .detail = "a chunk is longer than it says"};
}

}  // namespace

request_reader::outcome request_reader::read(char* bytes, std::size_t size) {
  consumed_ = 0;
  switch (stage_) {
    case stage::head:
      return read_head(bytes, size);
    case stage::body:
      return read_body(bytes, size);
    case stage::chunks:
      return read_chunks(bytes, size);
  }
  return outcome::need_more;
}

void request_reader::next() {
  scanner_ = head_scanner(limits_->head);
  stage_ = stage::head;
  consumed_ = 0;
  wants_continue_ = false;
  if (parsed_.chunks.capacity() > kept_capacity) parsed_.chunks = {};
}

request_reader::outcome request_reader::read_head(char* bytes, std::size_t size) {
  switch (scanner_.scan({bytes, size})) {
    case head_scanner::outcome::incomplete:
      return outcome::need_more;
    case head_scanner::outcome::refused:
      return refuse(scanner_.refusal());
    case head_scanner::outcome::complete:
      break;
  }
  const std::string_view head(bytes, scanner_.size());
  auto checked = check_head(head);
  if (!checked) return refuse(std::move(checked.error()));
  facts_ = *checked;
  if (facts_.body == head_facts::framing::length && facts_.length > limits_->body_bytes) {
    return refuse(too_large(*limits_));
  }
  // Beast knows 1.0 and 1.1 only; RFC 9110, 2.5 has a higher minor version treated as the highest that one knows.
  bytes[facts_.version_digit] = facts_.minor_version == 0 ? '0' : '1';
  wants_continue_ = facts_.expects_continue && facts_.body != head_facts::framing::none && size == head.size();
  const bool chunked = facts_.body == head_facts::framing::chunked;
  if (chunked) head_copy_ = head;
  if (!parse_head(chunked ? std::string_view(head_copy_) : head)) return outcome::refused;
  if (!chunked) {
    stage_ = stage::body;
    return read_body(bytes, size);
  }
  stage_ = stage::chunks;
  if (size == head.size()) {
    consumed_ = size;
    return outcome::need_more;
  }
  const auto result = read_chunks(bytes + head.size(), size - head.size());
  consumed_ += head.size();
  return result;
}

bool request_reader::parse_head(std::string_view head) {
  parser_.emplace(*limits_, parsed_);
  beast::error_code error;
  const auto taken = parser_->put(boost::asio::buffer(head.data(), head.size()), error);
  // With a chunked body the eager parser asks for the first chunk.
  if (taken != head.size() || (error && error != beast::http::error::need_more)) {
    refuse({.kind = problem_kind::malformed_request, .detail = "the head is malformed: " + error.message()});
    return false;
  }
  parsed_at_ = head.data();
  keep_alive_ = parser_->keep_alive();
  return true;
}

request_reader::outcome request_reader::read_body(const char* bytes, std::size_t size) {
  const auto head_size = scanner_.size();
  if (size > head_size) wants_continue_ = false;
  if (size - head_size < facts_.length) return outcome::need_more;
  // The buffer moved while it grew: make the views anew.
  if (parsed_at_ != bytes && !parse_head({bytes, head_size})) return outcome::refused;
  parsed_.request.body = {bytes + head_size, facts_.length};
  consumed_ = head_size + facts_.length;
  return outcome::ready;
}

request_reader::outcome request_reader::read_chunks(const char* bytes, std::size_t size) {
  wants_continue_ = false;
  if (overruns_chunk({bytes, size})) return refuse(longer_than_it_says());
  // Beast's parser takes it for granted that the last chunk's line comes with the empty line after it.
  const bool at_line = !parsed_.in_chunk;
  if (at_line && size < std::string_view("0\r\n\r\n").size() && bytes[0] == '0') return outcome::need_more;
  beast::error_code error;
  consumed_ = parser_->put(boost::asio::buffer(bytes, size), error);
  if (parsed_.refusal) return refuse(std::move(*parsed_.refusal));
  if (error && error != beast::http::error::need_more) {
    return refuse(
        {.kind = problem_kind::malformed_request, .detail = "the chunked body is malformed: " + error.message()});
  }
  if (parser_->is_done()) {
    parsed_.request.body = parsed_.chunks;
    return outcome::ready;
  }
  if (overruns_chunk({bytes + consumed_, size - consumed_})) return refuse(longer_than_it_says());
  // What the parser leaves is one line with a chunk's size, or the last such line with the trailers.
  if (size - consumed_ > limits_->head.header_bytes + 1024) {
    return refuse({.kind = problem_kind::malformed_request, .detail = "a chunk's head or the trailers are too large"});
  }
  return outcome::need_more;
}

// Beast looks for the CRLF after a chunk only when the next line is there.
bool request_reader::overruns_chunk(std::string_view rest) const {
  return parsed_.chunk_ended && !std::string_view("\r\n").starts_with(rest.substr(0, 2));
}

request_reader::outcome request_reader::refuse(problem why) {
  refusal_ = std::move(why);
  return outcome::refused;
}

}  // namespace foldlog::http
