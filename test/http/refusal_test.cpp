// Bytes in, status and close out: what the HTTP edge takes and what it refuses (API.md section 2, RFC 9112).
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "running_server.h"

namespace foldlog::http {
namespace {

struct row {
  std::string bytes;
  std::string_view outcome;  // "200" or the problem's kind
};

// Kinds after which the connection must be at its end.
bool closes(std::string_view outcome) {
  const auto kind = find_problem(outcome);
  return kind && render({.kind = *kind, .detail = ""}).close;
}

void check(const running_server& running, const std::vector<row>& table) {
  for (const auto& row : table) {
    const auto shown = row.bytes.substr(0, 300);
    CAPTURE(shown);
    auto connected = running.connect();
    send(connected, row.bytes);
    const auto answer = receive(connected);
    if (row.outcome == "200") {
      CHECK(answer.status == status::ok);
    } else {
      CHECK(answer.status == status_of(*find_problem(row.outcome)));
      CHECK(answer.header("Content-Type") == "application/problem+json");
      CHECK(answer.body.contains("\"type\":\"/problems/" + std::string(row.outcome) + "\""));
    }
    if (closes(row.outcome)) {
      CHECK(answer.header("Connection") == "close");
      CHECK(connected.closed_by_server());
    } else if (answer.header("Connection") != "close") {
      const auto next = connected.request("GET", "/next");
      REQUIRE(next.has_value());
      CHECK(next->body == "GET /next  ");
    }
  }
}

std::string get(std::string_view fields) { return "GET / HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n"; }
std::string post(std::string_view fields, std::string_view body) {
  return "POST / HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

TEST_CASE("a request line that is malformed or of another version is refused and the connection closes") {
  const running_server running;
  const std::string rest = "\r\nHost: h\r\n\r\n";
  check(running, {
                     {"GET / HTTP/1.1" + rest, "200"},
                     {"\r\n\r\nGET / HTTP/1.1" + rest, "200"},
                     {"GET /a%20b?c=d&e HTTP/1.1" + rest, "200"},
                     {"GET http://h/a HTTP/1.1" + rest, "200"},
                     {"OPTIONS * HTTP/1.1" + rest, "200"},
                     {"CONNECT h:80 HTTP/1.1" + rest, "200"},
                     {"BREW / HTTP/1.1" + rest, "200"},  // for the router to refuse
                     {"GET / HTTP/1.2" + rest, "200"},
                     {"GET / HTTP/1.9" + rest, "200"},
                     {"GET / HTTP/2.0" + rest, "version-not-supported"},
                     {"GET / HTTP/3.0" + rest, "version-not-supported"},
                     {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "version-not-supported"},
                     {"GET / HTTP/11" + rest, "malformed-request"},
                     {"GET / HTTP/1.10" + rest, "malformed-request"},
                     {"GET / http/1.1" + rest, "malformed-request"},
                     {"GET / HTTP/1.1 " + rest, "malformed-request"},
                     {"GET  / HTTP/1.1" + rest, "malformed-request"},
                     {"GET /  HTTP/1.1" + rest, "malformed-request"},
                     {" GET / HTTP/1.1" + rest, "malformed-request"},
                     {"GET\t/ HTTP/1.1" + rest, "malformed-request"},
                     {"GET /" + rest, "malformed-request"},
                     {"GET" + rest, "malformed-request"},
                     {"G(T / HTTP/1.1" + rest, "malformed-request"},
                     {"GET a HTTP/1.1" + rest, "malformed-request"},
                     {"GET * HTTP/1.1" + rest, "malformed-request"},
                     {"GET /a#b HTTP/1.1" + rest, "malformed-request"},
                     {"GET /a\x01 HTTP/1.1" + rest, "malformed-request"},
                     {"GET /\xC3\xA9 HTTP/1.1" + rest, "malformed-request"},
                     {"GET /\x7F HTTP/1.1" + rest, "malformed-request"},
                     {std::string("GET /\0 HTTP/1.1", 15) + rest, "malformed-request"},
                     {"GET http:///a HTTP/1.1" + rest, "malformed-request"},
                     {"GET ftp://h/a HTTP/1.1" + rest, "malformed-request"},
                     {"GET http://u@h/a HTTP/1.1" + rest, "malformed-request"},
                     {"CONNECT /a HTTP/1.1" + rest, "malformed-request"},
                     {"CONNECT h HTTP/1.1" + rest, "malformed-request"},
                 });
}

TEST_CASE("header fields that are malformed are refused and the connection closes") {
  const running_server running;
  check(running, {
                     {get("X: a\tb \xE9\r\n"), "200"},
                     {get("X:\r\n"), "200"},
                     {"GET / HTTP/1.1\r\nHOST:\th:80 \r\n\r\n", "200"},
                     {"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "200"},
                     {"GET / HTTP/1.1\r\n\r\n", "malformed-request"},
                     {get("Host: h\r\n"), "malformed-request"},
                     {get("hOST: other\r\n"), "malformed-request"},
                     {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "malformed-request"},
                     {"GET / HTTP/1.1\r\nHost: h/a\r\n\r\n", "malformed-request"},
                     {"GET / HTTP/1.1\r\nHost: u@h\r\n\r\n", "malformed-request"},
                     {get("X: a\r\n b\r\n"), "malformed-request"},
                     {get("X: a\r\n\tb\r\n"), "malformed-request"},
                     {"GET / HTTP/1.1\r\n Host: h\r\n\r\n", "malformed-request"},
                     {get("X : a\r\n"), "malformed-request"},
                     {get("X\t: a\r\n"), "malformed-request"},
                     {get("X\r\n"), "malformed-request"},
                     {get(": a\r\n"), "malformed-request"},
                     {get("X y: a\r\n"), "malformed-request"},
                     {get("X\xE9: a\r\n"), "malformed-request"},
                     {get("X: a\x01\r\n"), "malformed-request"},
                     {get("X: a\x7F\r\n"), "malformed-request"},
                     {get(std::string_view("X: a\0b\r\n", 8)), "malformed-request"},
                     {get("X: a\rb\r\n"), "malformed-request"},
                     {get("X: a\n"), "malformed-request"},
                     {get("X: a\r\r\n"), "malformed-request"},
                     {"GET / HTTP/1.1\nHost: h\n\n", "malformed-request"},
                     {"GET / HTTP/1.1\rHost: h\r\r", "malformed-request"},
                 });
}

TEST_CASE("a body whose framing is in doubt is refused and the connection closes") {
  const running_server running;
  const std::string chunks = "1\r\nx\r\n0\r\n\r\n";
  check(running,
        {
            {post("Content-Length: 1\r\n", "x"), "200"},
            {post("Content-Length: 0001\r\n", "x"), "200"},
            {post("Content-Length: 0\r\n", ""), "200"},
            {post("", ""), "200"},
            {post("Transfer-Encoding: chunked\r\n", chunks), "200"},
            {post("transfer-encoding:\tCHUNKED \r\n", chunks), "200"},
            {post("Content-Length: 1\r\nContent-Length: 1\r\n", "x"), "malformed-request"},
            {post("Content-Length: 1\r\ncontent-length: 2\r\n", "xy"), "malformed-request"},
            {post("Content-Length: 1, 1\r\n", "x"), "malformed-request"},
            {post("Content-Length: 1,\r\n", "x"), "malformed-request"},
            {post("Content-Length: +1\r\n", "x"), "malformed-request"},
            {post("Content-Length: -1\r\n", "x"), "malformed-request"},
            {post("Content-Length: 0x1\r\n", "x"), "malformed-request"},
            {post("Content-Length: 1 1\r\n", "x"), "malformed-request"},
            {post("Content-Length: one\r\n", "x"), "malformed-request"},
            {post("Content-Length:\r\n", "x"), "malformed-request"},
            {post("Content-Length: 18446744073709551616\r\n", ""), "body-too-large"},
            {post("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", chunks), "malformed-request"},
            {post("Transfer-Encoding: chunked\r\nContent-Length: 11\r\n", chunks), "malformed-request"},
            {post("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n", chunks), "malformed-request"},
            {post("Transfer-Encoding: gzip, chunked\r\n", chunks), "not-implemented"},
            {post("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", chunks), "not-implemented"},
            {post("Transfer-Encoding: gzip\r\n", chunks), "not-implemented"},
            {post("Transfer-Encoding: identity\r\n", ""), "not-implemented"},
            {post("Transfer-Encoding: xchunked\r\n", chunks), "not-implemented"},
            {post("Transfer-Encoding: \"chunked\"\r\n", chunks), "not-implemented"},
            {post("Transfer-Encoding: chunked, gzip\r\n", chunks), "malformed-request"},
            {post("Transfer-Encoding: chunked, chunked\r\n", chunks), "malformed-request"},
            {post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", chunks), "malformed-request"},
            {post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", chunks), "malformed-request"},
            {post("Transfer-Encoding: , chunked\r\n", chunks), "malformed-request"},
            {post("Transfer-Encoding: chunked;a=b\r\n", chunks), "malformed-request"},
            {post("Transfer-Encoding:\r\n", chunks), "malformed-request"},
            {"POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks, "malformed-request"},
            {post("Transfer-Encoding: chunked\r\n", "g\r\n"), "malformed-request"},
            {post("Transfer-Encoding: chunked\r\n", "1\r\nxx"), "malformed-request"},
            {post("Transfer-Encoding: chunked\r\n", "1;" + std::string(40000, 'x')), "malformed-request"},
            {post("Expect: other\r\nContent-Length: 1\r\n", "x"), "expectation-failed"},
            {get("Expect: 100-continue, other\r\n"), "expectation-failed"},
            {"GET / HTTP/1.0\r\nConnection: keep-alive\r\nExpect: other\r\n\r\n", "200"},
        });
}

TEST_CASE("the limits hold at one less, exactly, and one more") {
  const running_server running;
  const auto line = [](std::size_t bytes) {
    return "GET /" + std::string(bytes - 14, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n";
  };
  // "Host: h\r\n" has 9 bytes, "X: \r\n" 5.
  const auto header = [](std::size_t bytes) { return get("X: " + std::string(bytes - 14, 'v') + "\r\n"); };
  const auto fields = [](std::size_t number) {
    std::string text;
    for (std::size_t i = 1; i < number; ++i) text.append("X: y\r\n");
    return get(text);
  };
  const auto body = [](std::size_t bytes) {
    return post("Content-Length: " + std::to_string(bytes) + "\r\n", std::string(bytes, 'b'));
  };
  const auto chunked = [](std::size_t bytes) {
    std::string text;
    for (std::size_t left = bytes; left > 0;) {
      const auto size = std::min<std::size_t>(left, 0x8000);
      text.append(size == 0x8000 ? "8000" : size == 0x7fff ? "7fff" : "1").append("\r\n");
      text.append(size, 'c').append("\r\n");
      left -= size;
    }
    return post("Transfer-Encoding: chunked\r\n", text + "0\r\n\r\n");
  };
  constexpr std::size_t most = 1U << 20;
  check(running, {
                     {line(8191), "200"},
                     {line(8192), "200"},
                     {line(8193), "uri-too-long"},
                     {"GET /" + std::string(9000, 'a'), "uri-too-long"},
                     {header(16383), "200"},
                     {header(16384), "200"},
                     {header(16385), "headers-too-large"},
                     {get("X: " + std::string(17000, 'v')), "headers-too-large"},
                     {fields(63), "200"},
                     {fields(64), "200"},
                     {fields(65), "headers-too-large"},
                     {body(most - 1), "200"},
                     {body(most), "200"},
                     {body(most + 1), "body-too-large"},
                     {post("Content-Length: 1048577\r\n", ""), "body-too-large"},
                     {chunked(most - 1), "200"},
                     {chunked(most), "200"},
                     {chunked(most + 1), "body-too-large"},
                 });
}

TEST_CASE("a body far beyond the limit is answered, although the client is still sending") {
  const running_server running;
  auto connected = running.connect();
  send(connected, post("Content-Length: 8000000\r\n", std::string(8000000, 'x')));
  CHECK(receive(connected).status == status_of(problem_kind::body_too_large));
  CHECK(connected.closed_by_server());
}

TEST_CASE("what follows a refused request on its connection is not read") {
  int handled = 0;
  {
    const running_server running([&](const request& asked, responder answer) {
      ++handled;
      return tell(asked, std::move(answer));
    });
    auto connected = running.connect();
    send(connected, get("") + get("X : smuggled\r\n") + get(""));
    CHECK(receive(connected).status == status::ok);
    CHECK(receive(connected).status == status_of(problem_kind::malformed_request));
    CHECK(connected.closed_by_server());
  }
  CHECK(handled == 1);
}

}  // namespace
}  // namespace foldlog::http
