#include <doctest/doctest.h>
#include <zlib.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/http/content_coder.h"
#include "running_server.h"

namespace foldlog::http {
namespace {

std::string gunzip(const std::string& compressed) {
  z_stream state{};
  REQUIRE(inflateInit2(&state, 15 + 16) == Z_OK);
  std::string plain(1U << 22, '\0');
  state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  state.avail_in = static_cast<uInt>(compressed.size());
  state.next_out = reinterpret_cast<Bytef*>(plain.data());
  state.avail_out = static_cast<uInt>(plain.size());
  CHECK(inflate(&state, Z_FINISH) == Z_STREAM_END);
  plain.resize(state.total_out);
  inflateEnd(&state);
  return plain;
}

std::string rows(std::size_t bytes) {
  std::string text = R"({"rows":[)";
  while (text.size() < bytes) text += R"({"key":"alice","row":{"balance":)" + std::to_string(text.size()) + "}},";
  text.resize(bytes - 2);
  return text + "]}";
}

// Answers with JSON of 100,000 bytes, or what the path asks for.
std::string_view give(const request& asked, responder answer) {
  response given = plain(rows(100'000));
  given.content_type = "application/json";
  if (asked.path == "/small") given.body = rows(4095);
  if (asked.path == "/enough") given.body = rows(4096);
  if (asked.path == "/text") given.content_type = "text/plain";
  if (asked.path == "/tagged") given.add("ETag", "\"4\"");
  if (asked.path == "/same") given.status = status::not_modified;
  if (asked.path == "/stream") {
    given.content_type = "text/event-stream";
    given.stream = [](const std::shared_ptr<body_stream>& to) { to->end(); };
  }
  answer(std::move(given));
  return "";
}

const std::vector<std::pair<std::string, std::string>> takes_gzip{{"Accept-Encoding", "gzip"}};

TEST_CASE("large JSON is compressed for those who take it, and only for them") {
  const running_server running(give);
  auto connected = running.connect();
  const auto identity = connected.request("GET", "/");
  REQUIRE(identity.has_value());
  CHECK(identity->body == rows(100'000));
  CHECK_FALSE(identity->header("Content-Encoding").has_value());
  CHECK(identity->header("Vary") == "Accept-Encoding");
  for (int round = 0; round < 2; ++round) {
    const auto compressed = connected.request("GET", "/", takes_gzip);
    REQUIRE(compressed.has_value());
    CHECK(compressed->header("Content-Encoding") == "gzip");
    CHECK(compressed->header("Vary") == "Accept-Encoding");
    CHECK(compressed->body.size() < 50'000);
    CHECK(gunzip(compressed->body) == rows(100'000));
    const auto head = connected.request("HEAD", "/", takes_gzip);
    REQUIRE(head.has_value());
    CHECK(head->header("Content-Length") == compressed->header("Content-Length"));
    CHECK(head->header("Content-Encoding") == "gzip");
  }
}

TEST_CASE("what is small, no JSON or a stream is sent as it is") {
  const running_server running(give);
  for (const auto* path : {"/small", "/text", "/stream"}) {
    CAPTURE(path);
    auto connected = running.connect();
    const auto answer = connected.request("GET", path, takes_gzip);
    REQUIRE(answer.has_value());
    CHECK_FALSE(answer->header("Content-Encoding").has_value());
  }
  auto connected = running.connect();
  CHECK(connected.request("GET", "/small", takes_gzip)->header("Vary") == "Accept-Encoding");
  CHECK(connected.request("GET", "/same", takes_gzip)->header("Vary") == "Accept-Encoding");
  CHECK_FALSE(connected.request("GET", "/text", takes_gzip)->header("Vary").has_value());
  CHECK(connected.request("GET", "/enough", takes_gzip)->header("Content-Encoding") == "gzip");
  const running_server never(give, {.gzip_bytes = 0});
  auto plainly = never.connect();
  const auto answer = plainly.request("GET", "/", takes_gzip);
  CHECK_FALSE(answer->header("Content-Encoding").has_value());
  CHECK_FALSE(answer->header("Vary").has_value());
}

TEST_CASE("a compressed view has a weak tag; an answer to a command keeps its strong one and is not compressed") {
  const running_server running(give);
  auto connected = running.connect();
  CHECK(connected.request("GET", "/tagged")->header("ETag") == "\"4\"");
  CHECK(connected.request("GET", "/tagged", takes_gzip)->header("ETag") == "W/\"4\"");
  const auto posted = connected.request("POST", "/tagged", takes_gzip, "{}");
  CHECK(posted->header("ETag") == "\"4\"");
  CHECK_FALSE(posted->header("Content-Encoding").has_value());
  CHECK_FALSE(posted->header("Vary").has_value());
  CHECK(connected.request("POST", "/batch", takes_gzip, "{}")->header("Content-Encoding") == "gzip");
}

TEST_CASE("Accept-Encoding is read as RFC 9110 says") {
  struct row {
    std::vector<std::string_view> fields;
    bool gzip;
  };
  for (const auto& row : {row{{}, false},
                          row{{""}, false},
                          row{{"gzip"}, true},
                          row{{"GZip"}, true},
                          row{{"x-gzip"}, true},
                          row{{"deflate, br"}, false},
                          row{{"deflate, gzip;q=0.5"}, true},
                          row{{"br", "gzip"}, true},
                          row{{"gzip;q=0"}, false},
                          row{{"gzip;q=0.000"}, false},
                          row{{"gzip ; Q=0.001"}, true},
                          row{{"*"}, true},
                          row{{"*;q=0"}, false},
                          row{{"*, gzip;q=0"}, false},
                          row{{"gzip, *;q=0"}, true},
                          row{{"identity"}, false},
                          row{{"identity;q=1, gzip;q=0.5"}, false},
                          row{{"identity;q=0.5, gzip;q=1"}, true},
                          row{{"identity;q=0, gzip"}, true},
                          row{{"gzip;q=abc"}, true},
                          row{{",,gzip,"}, true},
                          row{{"gzipped"}, false}}) {
    accepted_codings accepted;
    std::string shown;
    for (const auto& field : row.fields) {
      accepted.take(field);
      shown.append(field).append(" | ");
    }
    CAPTURE(shown);
    CHECK(accepted.gzip() == row.gzip);
  }
}

}  // namespace
}  // namespace foldlog::http
