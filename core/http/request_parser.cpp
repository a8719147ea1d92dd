#include "core/http/request_parser.h"

#include <algorithm>
#include <limits>

namespace foldlog::http {
namespace {

namespace beast = boost::beast;

method method_of(beast::http::verb verb) {
  switch (verb) {
    case beast::http::verb::get:
      return method::get;
    case beast::http::verb::head:
      return method::head;
    case beast::http::verb::post:
      return method::post;
    case beast::http::verb::options:
      return method::options;
    case beast::http::verb::put:
      return method::put;
    case beast::http::verb::patch:
      return method::patch;
    case beast::http::verb::delete_:
      return method::delete_;
    case beast::http::verb::connect:
      return method::connect;
    case beast::http::verb::trace:
      return method::trace;
    default:
      return method::other;
  }
}

std::string_view plain(beast::string_view text) { return {text.data(), text.size()}; }

// RFC 9112, 3.2: of `http://host/path?query` only what follows the host counts here.
std::string_view without_authority(std::string_view target) {
  const auto scheme = target.find("://");
  if (target.starts_with('/') || scheme == std::string_view::npos) return target;
  const auto path = target.find_first_of("/?", scheme + 3);
  return path == std::string_view::npos ? "/" : target.substr(path);
}

}  // namespace

request_parser::request_parser(const request_limits& limits, parsed_request& out) : limits_(limits), out_(out) {
  header_limit(std::numeric_limits<std::uint32_t>::max());  // our own limits were checked before
  body_limit(boost::none);
  eager(true);
  out_.fields.clear();
  out_.chunks.clear();
  out_.in_chunk = false;
  out_.chunk_ended = false;
  out_.refusal.reset();
}

void request_parser::on_request_impl(beast::http::verb verb, view method, view target, int /*version*/,
                                     code& /*error*/) {
  auto& request = out_.request;
  request.method = method_of(verb);
  request.method_text = plain(method);
  if (request.method_text == name(method::query)) request.method = method::query;  // younger than Beast
  const auto whole = without_authority(plain(target));
  const auto question = std::min(whole.find('?'), whole.size());
  request.path = question == 0 ? "/" : whole.substr(0, question);
  request.query = whole.substr(std::min(question + 1, whole.size()));
  request.body = {};
}

void request_parser::on_field_impl(beast::http::field /*field*/, view name, view value, code& error) {
  if (!in_trailers_) {
    out_.fields.push_back({plain(name), plain(value)});
    return;
  }
  // Trailers are read, counted and forgotten.
  if (++trailers_ > limits_.head.header_fields) {
    refuse(problem_kind::headers_too_large, "there are too many trailers", error);
    return;
  }
  count_extra(name.size() + value.size() + 4, error);
}

void request_parser::on_header_impl(code& /*error*/) { out_.request.headers = out_.fields; }

void request_parser::on_chunk_header_impl(std::uint64_t size, view extension, code& error) {
  in_trailers_ = size == 0;
  out_.in_chunk = size > 0;
  out_.chunk_ended = false;
  if (size > limits_.body_bytes - out_.chunks.size()) {
    refuse(problem_kind::body_too_large, "the body may have " + std::to_string(limits_.body_bytes) + " bytes", error);
    return;
  }
  count_extra(extension.size(), error);
}

std::size_t request_parser::on_chunk_body_impl(std::uint64_t remaining, view bytes, code& /*error*/) {
  out_.chunks.append(bytes.data(), bytes.size());
  out_.chunk_ended = remaining == bytes.size();
  out_.in_chunk = !out_.chunk_ended;
  return bytes.size();
}

void request_parser::count_extra(std::size_t bytes, code& error) {
  extra_bytes_ += bytes;
  if (extra_bytes_ <= limits_.head.header_bytes) return;
  if (in_trailers_) {
    refuse(problem_kind::headers_too_large, "the trailers are too large", error);
  } else {
    refuse(problem_kind::malformed_request, "the chunk extensions are too large", error);
  }
}

void request_parser::refuse(problem_kind kind, std::string_view detail, code& error) {
  out_.refusal = problem{.kind = kind, .detail = std::string(detail)};
  error = beast::http::error::body_limit;
}

// A request is no response, its body is taken from the buffer where it lies, and the end needs nothing more.
void request_parser::on_response_impl(int /*status*/, view /*reason*/, int /*version*/, code& /*error*/) {}
void request_parser::on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/, code& /*error*/) {}
std::size_t request_parser::on_body_impl(view bytes, code& /*error*/) { return bytes.size(); }
void request_parser::on_finish_impl(code& /*error*/) {}

}  // namespace foldlog::http
