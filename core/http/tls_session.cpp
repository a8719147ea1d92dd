#include "core/http/tls_session.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <climits>
#include <new>
#include <utility>

namespace foldlog::http {
namespace {

std::string reason() {
  const auto code = ERR_get_error();
  const char* text = ERR_reason_error_string(code);
  return text != nullptr ? text : fmt::format("error {:#x}", code);
}

// HTTP/1.1 for those who ask by ALPN; who asks for other protocols only is refused (RFC 7301, 3.2).
int choose_protocol(SSL* /*session*/, const unsigned char** chosen, unsigned char* length, const unsigned char* offered,
                    unsigned int offered_length, void* /*nothing*/) {
  static constexpr std::string_view ours = "\x08http/1.1";
  unsigned char* found = nullptr;
  const auto* const known = reinterpret_cast<const unsigned char*>(ours.data());
  const int result = SSL_select_next_proto(&found, length, known, ours.size(), offered, offered_length);
  *chosen = found;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

tls_context::~tls_context() { SSL_CTX_free(context_); }

result<std::shared_ptr<const tls_context>> tls_context::load(const std::filesystem::path& certificate,
                                                             const std::filesystem::path& key) {
  ERR_clear_error();
  auto* made = SSL_CTX_new(TLS_server_method());
  if (made == nullptr) return fail(error_kind::internal, fmt::format("OpenSSL gives no context: {}", reason()));
  auto context = std::make_shared<const tls_context>(made);
  SSL_CTX_set_min_proto_version(made, TLS1_3_VERSION);
  SSL_CTX_set_mode(made, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(made, choose_protocol, nullptr);
  if (SSL_CTX_use_certificate_chain_file(made, certificate.c_str()) != 1) {
    return fail(error_kind::invalid, fmt::format("the certificate {}: {}", certificate.string(), reason()));
  }
  if (SSL_CTX_use_PrivateKey_file(made, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return fail(error_kind::invalid, fmt::format("the key {}: {}", key.string(), reason()));
  }
  return context;
}

tls_session::tls_session(const tls_context& with)
    : session_(SSL_new(with.get())), in_(BIO_new(BIO_s_mem())), out_(BIO_new(BIO_s_mem())) {
  if (session_ == nullptr || in_ == nullptr || out_ == nullptr) throw std::bad_alloc();
  SSL_set_bio(session_, in_, out_);
  SSL_set_accept_state(session_);
}

tls_session::~tls_session() { SSL_free(session_); }

tls_session::outcome tls_session::take(std::size_t bytes, read_buffer& plain) {
  ERR_clear_error();
  BIO_write(in_, arrived_.data(), static_cast<int>(bytes));
  while (true) {
    const auto room = plain.prepare();
    const int got = SSL_read(session_, room.data(), static_cast<int>(std::min<std::size_t>(room.size(), INT_MAX)));
    if (got > 0) {
      plain.commit(static_cast<std::size_t>(got));
      continue;
    }
    const int why = SSL_get_error(session_, got);
    collect();
    return why == SSL_ERROR_WANT_READ ? outcome::open : why == SSL_ERROR_ZERO_RETURN ? outcome::ended : outcome::broken;
  }
}

void tls_session::put(std::string_view plain) {
  ERR_clear_error();
  while (!plain.empty()) {
    const auto piece = plain.substr(0, INT_MAX);
    if (SSL_write(session_, piece.data(), static_cast<int>(piece.size())) <= 0)
      break;  // it was broken: nobody reads it
    plain.remove_prefix(piece.size());
  }
  collect();
}

void tls_session::end() {
  ERR_clear_error();
  if (SSL_is_init_finished(session_) == 1) SSL_shutdown(session_);
  collect();
}

void tls_session::sent(std::size_t bytes) {
  sent_ += bytes;
  if (sent_ < output_.size()) return;
  output_.clear();
  sent_ = 0;
}

void tls_session::collect() {
  char* bytes = nullptr;
  const auto waiting = BIO_get_mem_data(out_, &bytes);
  output_.append(bytes, static_cast<std::size_t>(waiting));
  BIO_reset(out_);
}

}  // namespace foldlog::http
