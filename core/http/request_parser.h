#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/head_checks.h"
#include "core/http/message.h"
#include "core/http/problem.h"

namespace foldlog::http {

struct request_limits {
  head_limits head;
  std::size_t body_bytes = 1U << 20;
};

/// What a parser found. Views point into the bytes that it was given. Kept from one request to the next for its
/// capacity.
struct parsed_request {
  http::request request;
  std::vector<header_field> fields;
  std::string chunks;              ///< the body of a chunked request
  bool in_chunk = false;           ///< the next bytes are a chunk's data
  bool chunk_ended = false;        ///< the next bytes must be the CRLF after a chunk
  std::optional<problem> refusal;  ///< when the parser stopped for a reason of ours
};

/// Beast's parser, for one request; what it finds goes to `out`.
class request_parser final : public boost::beast::http::basic_parser<true> {
 public:
  using view = boost::beast::string_view;
  using code = boost::beast::error_code;

  request_parser(const request_limits& limits, parsed_request& out);

 private:
  void on_request_impl(boost::beast::http::verb verb, view method, view target, int version, code& error) override;
  void on_response_impl(int status, view reason, int version, code& error) override;
  void on_field_impl(boost::beast::http::field field, view name, view value, code& error) override;
  void on_header_impl(code& error) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, code& error) override;
  std::size_t on_body_impl(view bytes, code& error) override;
  void on_chunk_header_impl(std::uint64_t size, view extension, code& error) override;
  std::size_t on_chunk_body_impl(std::uint64_t remaining, view bytes, code& error) override;
  void on_finish_impl(code& error) override;
  void count_extra(std::size_t bytes, code& error);
  void refuse(problem_kind kind, std::string_view detail, code& error);

  const request_limits& limits_;
  parsed_request& out_;
  bool in_trailers_ = false;
  std::size_t extra_bytes_ = 0;  // of chunk extensions and trailers
  std::size_t trailers_ = 0;
};

}  // namespace foldlog::http
