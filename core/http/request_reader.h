#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/http/head_checks.h"
#include "core/http/message.h"
#include "core/http/problem.h"
#include "core/http/request_parser.h"

namespace foldlog::http {

/// Makes requests out of the bytes of a connection, without I/O: our own checks, then Beast's parser fed by hand.
///
///     bytes: |POST /a HTTP/1.1 ... CRLF CRLF|{"amount":5}|GET /b ...
///            '--- the views of `current` point in here and nothing is copied (a chunked request is)
class request_reader {
 public:
  enum class outcome {
    need_more,  ///< call again when more bytes have come
    ready,      ///< `current` is a request
    refused,    ///< `refusal` says why; nothing more can be read from this connection
  };

  explicit request_reader(const request_limits& limits) : limits_(&limits), scanner_(limits.head) {}

  /// `bytes` is what has arrived and was not consumed yet, at least one byte. After each call the caller drops the
  /// first `consumed` bytes: for a ready request when it is done with its views, and then it calls `next`.
  outcome read(char* bytes, std::size_t size);
  [[nodiscard]] std::size_t consumed() const { return consumed_; }
  void next();

  [[nodiscard]] const request& current() const { return parsed_.request; }
  [[nodiscard]] const problem& refusal() const { return refusal_; }
  [[nodiscard]] const head_facts& facts() const { return facts_; }
  [[nodiscard]] bool head_done() const { return stage_ != stage::head; }
  /// Of the present request: the connection may stay after it.
  [[nodiscard]] bool keep_alive() const { return keep_alive_; }
  /// The client waits for `100 Continue`, and nothing of the body has come.
  [[nodiscard]] bool wants_continue() const { return wants_continue_; }
  void continue_sent() { wants_continue_ = false; }

 private:
  enum class stage { head, body, chunks };

  outcome read_head(char* bytes, std::size_t size);
  outcome read_body(const char* bytes, std::size_t size);
  outcome read_chunks(const char* bytes, std::size_t size);
  [[nodiscard]] bool overruns_chunk(std::string_view rest) const;
  bool parse_head(std::string_view head);
  outcome refuse(problem why);

  const request_limits* limits_;
  head_scanner scanner_;
  head_facts facts_;
  stage stage_ = stage::head;
  const char* parsed_at_ = nullptr;  // where the head stood when the views were made
  std::size_t consumed_ = 0;
  bool keep_alive_ = true;
  bool wants_continue_ = false;
  parsed_request parsed_;
  std::optional<request_parser> parser_;
  std::string head_copy_;  // of a chunked request: its bytes are consumed as they come
  problem refusal_;
};

}  // namespace foldlog::http
