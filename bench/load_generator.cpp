#include "bench/load_generator.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>

#include "bench/http_call.h"

namespace foldlog::bench {
namespace {

struct request_text {
  std::string bytes;
  std::int64_t amount = 0;
};

/// A connection with one request under way. An answer fits the buffer: a single command's answer is under 2 KiB.
struct client {
  int socket = -1;
  std::size_t next_request = 0;
  std::size_t filled = 0;
  std::int64_t amount = 0;
  steady::time_point sent;
  char buffer[8192];
};

std::vector<request_text> render_requests(const load_options& options) {
  std::vector<request_text> requests;
  for (int at = 0; at < options.accounts; ++at) {
    std::int64_t amount = 1 + at % 900;
    auto body = fmt::format(R"({{"amount":{},"reference":"a transfer of the load"}})", amount);
    requests.push_back(
        {fmt::format("POST /v1/commands/bank/account/{}/Deposit HTTP/1.1\r\nHost: {}\r\nContent-Type: {}\r\n"
                     "Content-Length: {}\r\n\r\n{}",
                     account_id(at), options.address, options.content_type, body.size(), body),
         amount});
  }
  return requests;
}

void send_next(client& on, const std::vector<request_text>& requests, std::size_t stride) {
  const auto& request = requests[on.next_request % requests.size()];
  on.next_request += stride;
  on.amount = request.amount;
  on.filled = 0;
  on.sent = steady::now();
  auto count = send(on.socket, request.bytes.data(), request.bytes.size(), MSG_NOSIGNAL);
  if (count != static_cast<ssize_t>(request.bytes.size())) fail("a request could not be sent whole");
}

/// True when a whole answer is in the buffer. Fails unless it is a 200 with a Content-Length.
bool answered(client& on) {
  auto count = read(on.socket, on.buffer + on.filled, sizeof on.buffer - on.filled);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (count <= 0) fail("the server closed a connection in the middle of the load");
  on.filled += static_cast<std::size_t>(count);
  std::string_view text(on.buffer, on.filled);
  auto end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) return false;
  if (!text.starts_with("HTTP/1.1 200 ")) fail(fmt::format("an answer is no 200: {}", text));
  auto at = text.find("ontent-Length: ");
  if (at == std::string_view::npos) at = text.find("ontent-length: ");
  if (at == std::string_view::npos || at > end) fail(fmt::format("an answer has no Content-Length: {}", text));
  std::size_t length = 0;
  std::from_chars(text.data() + at + 15, text.data() + end, length);
  auto whole = end + 4 + length;
  if (whole > sizeof on.buffer || on.filled > whole)
    fail(fmt::format("an answer is longer than it should be: {}", text));
  return on.filled == whole;
}

}  // namespace

std::string account_id(int number) { return fmt::format("account-{:06}", number); }

load_result run_load(const load_options& options) {
  auto requests = render_requests(options);
  std::vector<client> clients(static_cast<std::size_t>(options.connections));
  int poll = epoll_create1(EPOLL_CLOEXEC);
  for (std::size_t at = 0; at < clients.size(); ++at) {
    clients[at].socket = connect_to(options.address);
    fcntl(clients[at].socket, F_SETFL, O_NONBLOCK);
    clients[at].next_request = at;
    epoll_event event{.events = EPOLLIN, .data = {.ptr = &clients[at]}};
    epoll_ctl(poll, EPOLL_CTL_ADD, clients[at].socket, &event);
  }
  load_result result;
  std::vector<double> latencies;
  latencies.reserve(1 << 20);
  auto start = steady::now();
  for (auto& each : clients) send_next(each, requests, clients.size());
  auto under_way = clients.size();
  std::vector<epoll_event> events(clients.size());
  while (under_way > 0) {
    int ready = epoll_wait(poll, events.data(), static_cast<int>(events.size()), 30000);
    if (ready == 0) fail("no answer for 30 s");
    bool more = seconds_since(start) < options.seconds && !(options.stop != nullptr && options.stop->load());
    for (int at = 0; at < ready; ++at) {
      auto& on = *static_cast<client*>(events[static_cast<std::size_t>(at)].data.ptr);
      if (!answered(on)) continue;
      latencies.push_back(std::chrono::duration<double, std::milli>(steady::now() - on.sent).count());
      result.amount += on.amount;
      if (more)
        send_next(on, requests, clients.size());
      else
        --under_way;
    }
  }
  result.answers = static_cast<std::int64_t>(latencies.size());
  result.measured = summarize(latencies, seconds_since(start));
  for (auto& each : clients) close(each.socket);
  close(poll);
  return result;
}

}  // namespace foldlog::bench
