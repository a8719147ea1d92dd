// What a server answers, read by our client over a loopback connection.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "core/http/client.h"
#include "core/http/problem.h"
#include "core/http/response_writer.h"
#include "test/fuzz/target.h"

namespace foldlog::fuzz {
namespace {

/// Our client, and the other end of its connection, where all has been said. That end is reset when it goes, so that no
/// port has to wait for a minute.
struct conversation {
  http::client client;
  int other_end;

  conversation(http::client with, int taken) : client(std::move(with)), other_end(taken) {}
  conversation(const conversation&) = delete;
  conversation& operator=(const conversation&) = delete;
  ~conversation() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(other_end, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::close(other_end);
  }
};

class answering_machine {
 public:
  answering_machine() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    expect(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0 && ::listen(socket_, 8) == 0 &&
               ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0,
           "no loopback port to listen on");
    port_ = ntohs(address.sin_port);
  }
  answering_machine(const answering_machine&) = delete;
  answering_machine& operator=(const answering_machine&) = delete;
  ~answering_machine() { ::close(socket_); }

  /// To which these bytes are said, and nothing more.
  [[nodiscard]] conversation tell(std::string_view bytes) const {
    auto made = http::client::connect("127.0.0.1", port_, std::chrono::seconds(5));
    expect(made.has_value(), made ? "" : made.error().text);
    int taken = -1;
    do {
      taken = ::accept(socket_, nullptr, nullptr);
    } while (taken < 0 && errno == EINTR);
    expect(taken >= 0 && ::send(taken, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()),
           "the bytes do not fit the socket's buffer");
    ::shutdown(taken, SHUT_WR);
    return {std::move(*made), taken};
  }

 private:
  int socket_;
  std::uint16_t port_ = 0;
};

void check_answer(const http::client_response& answer, std::size_t sent, bool to_head) {
  expect(answer.status >= 100 && answer.status <= 999, "a status of other than three digits");
  expect(answer.body.size() <= sent, "a body larger than what was sent");
  for (const auto& [name, value] : answer.headers) {
    expect(name.find_first_of("\r\n:") == std::string::npos, "a field's name holds what ends it");
  }
  const auto length = answer.header("Content-Length");
  const bool bodiless = to_head || answer.status < http::status::ok || answer.status == http::status::no_content ||
                        answer.status == http::status::not_modified;
  if (bodiless) {
    expect(answer.body.empty(), "a body where there is none");
  } else if (length && !answer.header("Transfer-Encoding")) {
    const auto zeros = std::min(length->find_first_not_of('0'), length->size() - 1);
    expect(!length->empty() && std::to_string(answer.body.size()) == length->substr(zeros),
           "a body of another length than it was announced with");
  }
}

void read_all(const answering_machine& machine, std::string_view bytes, bool to_head) {
  auto told = machine.tell(bytes);
  for (std::size_t answers = 0; answers <= bytes.size(); ++answers) {
    const auto answer = told.client.receive(to_head);
    if (!answer) return expect(!answer.error().text.empty(), "an error without a reason");
    check_answer(*answer, bytes.size(), to_head);
  }
  expect(false, "more answers than bytes");
}

/// What our own writer makes of a body cut at its zero bytes reads as that body.
void check_own_answer(const answering_machine& machine, std::string_view body, bool chunked) {
  http::response answer;
  answer.status = http::status::ok;
  answer.content_type = "text/plain";
  answer.body = body;
  if (chunked) answer.stream = [](const auto&) {};
  answer.add("X-Size", std::to_string(body.size()));
  std::string bytes;
  http::append_head(bytes, answer, {}, http::common_fields(0));
  for (auto rest = body; chunked && !rest.empty();) {
    const auto piece = rest.substr(0, rest.find('\0', 1));
    http::append_chunk(bytes, piece);
    rest.remove_prefix(piece.size());
  }
  bytes += chunked ? http::last_chunk : body;
  const auto got = machine.tell(bytes).client.receive();
  expect(got && got->status == http::status::ok && got->body == body && got->header("x-size"),
         "an answer of ours reads as another one");
}

}  // namespace

void http_response(std::string_view bytes) {
  static const answering_machine machine;
  const auto choice = take_byte(bytes);
  bytes = bytes.substr(0, 16384);
  if ((choice & 2U) != 0) {
    check_own_answer(machine, bytes, (choice & 1U) != 0);
  } else {
    read_all(machine, bytes, (choice & 1U) != 0);
  }
}

}  // namespace foldlog::fuzz
