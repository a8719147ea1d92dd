#include "bench/http_call.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "bench/statistics.h"

namespace foldlog::bench {

int connect_to(const std::string& address) {
  auto colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::atoi(address.c_str() + colon + 1)));
  if (inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr) != 1) fail("no IPv4 address: " + address);
  int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int on = 1;
  setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(made, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) fail("cannot connect to " + address);
  return made;
}

http_connection::~http_connection() { close(socket_); }

void http_connection::read_more() {
  char bytes[65536];
  auto count = read(socket_, bytes, sizeof bytes);
  if (count <= 0) fail("the server closed a connection");
  buffer_.append(bytes, static_cast<std::size_t>(count));
}

http_answer http_connection::get(std::string_view target) {
  return send(fmt::format("GET {} HTTP/1.1\r\nHost: bench\r\n\r\n", target));
}

http_answer http_connection::post(std::string_view target, std::string_view content_type, std::string_view body) {
  return send(fmt::format("POST {} HTTP/1.1\r\nHost: bench\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n{}", target,
                          content_type, body.size(), body));
}

http_answer http_connection::send(std::string_view request) {
  while (!request.empty()) {
    auto count = ::send(socket_, request.data(), request.size(), MSG_NOSIGNAL);
    if (count <= 0) fail("the server takes no more requests");
    request.remove_prefix(static_cast<std::size_t>(count));
  }
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) read_more();
  http_answer answer{std::atoi(buffer_.c_str() + 9), buffer_.substr(0, end + 4), ""};
  buffer_.erase(0, end + 4);
  auto at = answer.head.find("Content-Length: ");
  if (at == std::string::npos) at = answer.head.find("content-length: ");
  if (at != std::string::npos) {
    auto length = static_cast<std::size_t>(std::atoll(answer.head.c_str() + at + 16));
    while (buffer_.size() < length) read_more();
    answer.body = buffer_.substr(0, length);
    buffer_.erase(0, length);
    return answer;
  }
  for (;;) {  // chunked
    while ((end = buffer_.find("\r\n")) == std::string::npos) read_more();
    auto size = static_cast<std::size_t>(std::strtoull(buffer_.c_str(), nullptr, 16));
    while (buffer_.size() < end + 2 + size + 2) read_more();
    answer.body.append(buffer_, end + 2, size);
    buffer_.erase(0, end + 2 + size + 2);
    if (size == 0) return answer;
  }
}

bool next_integer(std::string_view json, std::string_view name, std::size_t& from, std::int64_t& value) {
  auto pattern = fmt::format("\"{}\":", name);
  auto at = json.find(pattern, from);
  if (at == std::string_view::npos) return false;
  auto [end, error] = std::from_chars(json.data() + at + pattern.size(), json.data() + json.size(), value);
  from = static_cast<std::size_t>(end - json.data());
  return error == std::errc{};
}

void wait_for_projections(const std::string& admin, double seconds) {
  auto start = steady::now();
  for (;;) {
    http_connection connection(admin);
    auto answer = connection.get("/admin/projections");
    if (answer.status != 200) fail("GET /admin/projections: " + answer.body);
    std::size_t from = 0;
    std::int64_t lag = 0, total = 0, rows = 0;
    for (; next_integer(answer.body, "lag", from, lag); ++rows) total += lag;
    if (rows > 0 && total == 0) return;
    if (seconds_since(start) > seconds)
      fail(fmt::format("the views are still {} events behind after {} s", total, seconds));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

account_totals sum_accounts(const std::string& http) {
  http_connection connection(http);
  account_totals totals;
  std::string cursor;
  for (;;) {
    auto answer = connection.get("/v1/views/bank/accounts?limit=1000" + (cursor.empty() ? "" : "&cursor=" + cursor));
    if (answer.status != 200) fail("reading the view: " + answer.body);
    std::int64_t value = 0;
    for (std::size_t from = 0; next_integer(answer.body, "balance", from, value); ++totals.accounts)
      totals.balance += value;
    for (std::size_t from = 0; next_integer(answer.body, "version", from, value);) totals.versions += value;
    auto at = answer.body.rfind("\"next\":\"");
    if (at == std::string::npos) return totals;
    cursor = answer.body.substr(at + 8, answer.body.find('"', at + 8) - at - 8);
  }
}

}  // namespace foldlog::bench
