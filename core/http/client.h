#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace foldlog::http {

struct client_response {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  /// The first field of that name, without regard to case.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

using client_headers = std::vector<std::pair<std::string, std::string>>;

/// A blocking HTTP/1.1 client for tests and tools: one connection, one request after the other. Errors: unavailable (no
/// connection, or it ended or fell silent before the answer was there), damaged (an answer that is not HTTP).
class client {
 public:
  /// `timeout` bounds the connecting and each single wait for bytes.
  [[nodiscard]] static result<client> connect(const std::string& host, std::uint16_t port,
                                              std::chrono::milliseconds timeout = std::chrono::seconds(30));
  client(client&& other) noexcept;
  client& operator=(client&& other) noexcept;
  ~client();

  /// Adds Host, and Content-Length where there is a body.
  [[nodiscard]] result<client_response> request(std::string_view method, std::string_view target,
                                                const client_headers& headers = {}, std::string_view body = {});
  /// Only the head of the answer; its body is read by `read_line`.
  [[nodiscard]] result<client_response> open(std::string_view method, std::string_view target,
                                             const client_headers& headers = {}, std::string_view body = {});
  /// The next line of the body without its end; nothing at the end of the body.
  [[nodiscard]] result<std::optional<std::string>> read_line();

  /// Bytes as they are; for requests that `request` would not make.
  [[nodiscard]] result<void> send(std::string_view bytes);
  /// The next answer. `to_head`: it has no body whatever it says.
  [[nodiscard]] result<client_response> receive(bool to_head = false);
  /// Whether the server has closed the connection: waits for it, and drops what still comes.
  [[nodiscard]] bool closed_by_server();
  void shut_down_sending();

 private:
  enum class framing { length, chunked, until_close };

  client(int socket, std::string host) : socket_(socket), host_(std::move(host)) {}

  result<bool> read_more();
  result<std::string> raw_line();
  result<client_response> receive_head(bool to_head);
  result<bool> read_body_piece();
  result<std::size_t> next_chunk();

  int socket_ = -1;
  std::string host_;
  std::string raw_;      // received, not yet looked at
  std::string decoded_;  // of the present body, not yet given
  framing framing_ = framing::length;
  std::size_t left_ = 0;  // of the body or the chunk
  bool body_over_ = true;
};

}  // namespace foldlog::http
