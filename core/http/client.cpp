#include "core/http/client.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

#include "core/http/problem.h"
#include "core/http/text.h"

namespace foldlog::http {
namespace {

constexpr std::size_t read_bytes = 65536;

std::unexpected<error> unavailable(std::string_view what) {
  return fail(error_kind::unavailable, fmt::format("{}: {}", what, std::strerror(errno)));
}

void set_options(int socket, std::chrono::milliseconds timeout) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(timeout);
  const timeval time{.tv_sec = seconds.count(), .tv_usec = std::chrono::microseconds(timeout - seconds).count()};
  const int yes = 1;
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

// An attempt that a signal interrupts goes on by itself.
bool connect_to(int socket, const addrinfo& address, std::chrono::milliseconds timeout) {
  if (::connect(socket, address.ai_addr, address.ai_addrlen) == 0) return true;
  if (errno != EINTR) return false;
  pollfd waiting{.fd = socket, .events = POLLOUT, .revents = 0};
  int ready = 0;
  do {
    ready = ::poll(&waiting, 1, static_cast<int>(timeout.count()));
  } while (ready < 0 && errno == EINTR);
  int problem = ETIMEDOUT;
  socklen_t size = sizeof problem;
  if (ready > 0) ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &problem, &size);
  errno = problem;
  return problem == 0;
}

template <typename Number>
std::optional<Number> parse_number(std::string_view text, int base = 10) {
  Number number{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool without_body(int status) {
  return status < status::ok || status == status::no_content || status == status::not_modified;
}

}  // namespace

std::optional<std::string_view> client_response::header(std::string_view name) const {
  for (const auto& [each, value] : headers) {
    if (equals_ignoring_case(each, name)) return value;
  }
  return std::nullopt;
}

result<client> client::connect(const std::string& host, std::uint16_t port, std::chrono::milliseconds timeout) {
  const addrinfo hints{.ai_flags = 0,
                       .ai_family = AF_UNSPEC,
                       .ai_socktype = SOCK_STREAM,
                       .ai_protocol = 0,
                       .ai_addrlen = 0,
                       .ai_addr = nullptr,
                       .ai_canonname = nullptr,
                       .ai_next = nullptr};
  addrinfo* found = nullptr;
  if (const int failed = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found); failed != 0) {
    return fail(error_kind::unavailable, fmt::format("cannot resolve {}: {}", host, gai_strerror(failed)));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, freeaddrinfo);
  for (const auto* each = found; each != nullptr; each = each->ai_next) {
    const int socket = ::socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0) continue;
    set_options(socket, timeout);
    if (connect_to(socket, *each, timeout)) return client(socket, host);
    ::close(socket);
  }
  return unavailable(fmt::format("cannot connect to {}:{}", host, port));
}

client::client(client&& other) noexcept { *this = std::move(other); }

client& client::operator=(client&& other) noexcept {
  std::swap(socket_, other.socket_);
  host_.swap(other.host_);
  raw_.swap(other.raw_);
  decoded_.swap(other.decoded_);
  framing_ = other.framing_;
  left_ = other.left_;
  body_over_ = other.body_over_;
  return *this;
}

client::~client() {
  if (socket_ >= 0) ::close(socket_);
}

result<client_response> client::request(std::string_view method, std::string_view target, const client_headers& headers,
                                        std::string_view body) {
  auto answer = open(method, target, headers, body);
  while (answer && !body_over_) {
    if (auto piece = read_body_piece(); !piece) return std::unexpected(std::move(piece.error()));
  }
  if (answer) answer->body = std::exchange(decoded_, {});
  return answer;
}

result<client_response> client::open(std::string_view method, std::string_view target, const client_headers& headers,
                                     std::string_view body) {
  auto text = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", method, target, host_);
  for (const auto& [name, value] : headers) text.append(fmt::format("{}: {}\r\n", name, value));
  if (!body.empty() || method == "POST") text.append(fmt::format("Content-Length: {}\r\n", body.size()));
  text.append("\r\n").append(body);
  if (auto sent = send(text); !sent) return std::unexpected(std::move(sent.error()));
  return receive_head(method == "HEAD");
}

result<client_response> client::receive(bool to_head) {
  auto answer = receive_head(to_head);
  while (answer && !body_over_) {
    if (auto piece = read_body_piece(); !piece) return std::unexpected(std::move(piece.error()));
  }
  if (answer) answer->body = std::exchange(decoded_, {});
  return answer;
}

result<void> client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return unavailable("cannot send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

// False at the end of what the server sends.
result<bool> client::read_more() {
  const auto before = raw_.size();
  raw_.resize(before + read_bytes);
  ssize_t got = -1;
  do {
    got = ::recv(socket_, raw_.data() + before, read_bytes, 0);
  } while (got < 0 && errno == EINTR);
  raw_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  if (got < 0) return unavailable("cannot receive");
  return got > 0;
}

result<std::string> client::raw_line() {
  while (true) {
    if (const auto end = raw_.find("\r\n"); end != std::string::npos) {
      auto line = raw_.substr(0, end);
      raw_.erase(0, end + 2);
      return line;
    }
    auto more = read_more();
    if (!more) return std::unexpected(std::move(more.error()));
    if (!*more) return fail(error_kind::unavailable, "the server closed the connection before the answer was complete");
  }
}

result<client_response> client::receive_head(bool to_head) {
  auto line = raw_line();
  if (!line) return std::unexpected(std::move(line.error()));
  client_response answer;
  const auto status = parse_number<unsigned>(std::string_view(*line).substr(std::min<std::size_t>(9, line->size()), 3));
  if (!line->starts_with("HTTP/1.") || !status || *status < 100)
    return fail(error_kind::damaged, "no status line: " + *line);
  answer.status = static_cast<int>(*status);
  for (line = raw_line(); line && !line->empty(); line = raw_line()) {
    const auto colon = line->find(':');
    const auto field = std::string_view(*line).substr(0, colon);
    const auto value = trim(std::string_view(*line).substr(field.size() + (field.size() < line->size() ? 1 : 0)));
    if (colon == std::string::npos || field.empty() || !std::ranges::all_of(field, is_token_byte) ||
        !std::ranges::all_of(value, is_field_byte)) {
      return fail(error_kind::damaged, "no header field: " + *line);
    }
    answer.headers.emplace_back(field, value);
  }
  if (!line) return std::unexpected(std::move(line.error()));
  decoded_.clear();
  const auto length = answer.header("Content-Length");
  framing_ = answer.header("Transfer-Encoding") ? framing::chunked : length ? framing::length : framing::until_close;
  left_ = 0;
  if (framing_ == framing::length) {
    const auto size = parse_number<std::size_t>(*length);
    if (!size) return fail(error_kind::damaged, "no length: " + std::string(*length));
    left_ = *size;
  }
  body_over_ = to_head || without_body(answer.status) || (framing_ == framing::length && left_ == 0);
  return answer;
}

// Size of the next chunk; zero: the body is over.
result<std::size_t> client::next_chunk() {
  auto line = raw_line();
  if (!line) return std::unexpected(std::move(line.error()));
  const auto size = parse_number<std::size_t>(std::string_view(*line).substr(0, line->find(';')), 16);
  if (!size) return fail(error_kind::damaged, "no chunk size: " + *line);
  while (*size == 0 && line && !line->empty()) line = raw_line();
  if (!line) return std::unexpected(std::move(line.error()));
  return *size;
}

// Moves bytes from raw_ to decoded_; false when the body is over.
result<bool> client::read_body_piece() {
  if (framing_ == framing::chunked && left_ == 0) {
    const auto size = next_chunk();
    if (!size) return std::unexpected(size.error());
    left_ = *size;
    body_over_ = left_ == 0;
    if (body_over_) return false;
  }
  if (raw_.empty()) {
    auto more = read_more();
    if (!more) return std::unexpected(std::move(more.error()));
    if (!*more && framing_ != framing::until_close) {
      return fail(error_kind::unavailable, "the server closed the connection within the body");
    }
    body_over_ = !*more;
  }
  const auto taken = framing_ == framing::until_close ? raw_.size() : std::min(raw_.size(), left_);
  decoded_.append(raw_, 0, taken);
  raw_.erase(0, taken);
  if (framing_ == framing::until_close) return !body_over_;
  left_ -= taken;
  if (left_ > 0) return true;
  if (framing_ == framing::length) {
    body_over_ = true;
  } else if (auto end = raw_line(); !end) {
    return std::unexpected(std::move(end.error()));
  } else if (!end->empty()) {
    return fail(error_kind::damaged, "a chunk is longer than its size");
  }
  return !body_over_;
}

result<std::optional<std::string>> client::read_line() {
  while (true) {
    if (const auto end = decoded_.find('\n'); end != std::string::npos) {
      auto line = decoded_.substr(0, end);
      decoded_.erase(0, end + 1);
      if (line.ends_with('\r')) line.pop_back();
      return line;
    }
    if (body_over_) {
      if (decoded_.empty()) return std::nullopt;
      return std::exchange(decoded_, {});
    }
    if (auto piece = read_body_piece(); !piece) return std::unexpected(std::move(piece.error()));
  }
}

bool client::closed_by_server() {
  while (true) {
    raw_.clear();
    const auto more = read_more();
    if (!more) return errno == ECONNRESET;
    if (!*more) return true;
  }
}

void client::shut_down_sending() { ::shutdown(socket_, SHUT_WR); }

}  // namespace foldlog::http
