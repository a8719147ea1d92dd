#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/http/read_buffer.h"

struct ssl_st;
struct ssl_ctx_st;
struct bio_st;

// TLS 1.3 by OpenSSL, as a filter between the bytes of a socket and those of a connection: no I/O here.
namespace foldlog::http {

/// A certificate and its key, as a listener uses them. Sessions keep the one that they began with.
class tls_context {
 public:
  /// Both in PEM; the certificate's file may go on with those of its issuers. Errors: invalid (with OpenSSL's reason).
  [[nodiscard]] static result<std::shared_ptr<const tls_context>> load(const std::filesystem::path& certificate,
                                                                       const std::filesystem::path& key);
  explicit tls_context(ssl_ctx_st* made) : context_(made) {}
  ~tls_context();
  tls_context(const tls_context&) = delete;
  tls_context& operator=(const tls_context&) = delete;
  [[nodiscard]] ssl_ctx_st* get() const { return context_; }

 private:
  ssl_ctx_st* context_;
};

/// The server's side of one connection.
class tls_session {
 public:
  enum class outcome {
    open,    ///< more may come
    ended,   ///< the client has said that it sends nothing more
    broken,  ///< this is no TLS 1.3; `output` may hold an alert that says so
  };

  explicit tls_session(const tls_context& with);
  ~tls_session();
  tls_session(const tls_session&) = delete;
  tls_session& operator=(const tls_session&) = delete;

  /// Where the next bytes from the socket go.
  [[nodiscard]] boost::asio::mutable_buffer room() { return boost::asio::buffer(arrived_); }
  /// So many of them came: what they say is added to `plain`.
  outcome take(std::size_t bytes, read_buffer& plain);
  /// To be sent; only when a request was read before.
  void put(std::string_view plain);
  /// Nothing more is put.
  void end();

  /// What must go out to the socket.
  [[nodiscard]] std::string_view output() const { return std::string_view(output_).substr(sent_); }
  void sent(std::size_t bytes);

 private:
  void collect();

  ssl_st* session_;
  bio_st* in_;   // the session's own
  bio_st* out_;  // the session's own
  std::array<char, 16384> arrived_;
  std::string output_;
  std::size_t sent_ = 0;
};

}  // namespace foldlog::http
