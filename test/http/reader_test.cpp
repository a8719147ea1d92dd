#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/request_reader.h"

namespace foldlog::http {
namespace {

// Gives the bytes in pieces of that size, always in fresh memory, and tells what came of them.
std::vector<std::string> read_in_pieces(std::string_view bytes, std::size_t piece, const request_limits& limits = {}) {
  request_reader reader(limits);
  std::vector<std::string> told;
  std::string waiting;
  while (true) {
    if (!waiting.empty()) {
      std::string moved(waiting);
      moved.shrink_to_fit();
      const auto outcome = reader.read(moved.data(), moved.size());
      if (outcome == request_reader::outcome::refused) {
        told.push_back("refused " + std::string(name(reader.refusal().kind)));
        return told;
      }
      if (outcome == request_reader::outcome::ready) {
        const auto& got = reader.current();
        std::string text(got.method_text);
        text.append(" ").append(got.path).append("?").append(got.query).append(" ").append(got.body);
        for (const auto& field : got.headers) text.append(" ").append(field.name).append("=").append(field.value);
        told.push_back(text + (reader.keep_alive() ? "" : " closes"));
      }
      waiting = moved.substr(reader.consumed());
      if (outcome == request_reader::outcome::ready) {
        reader.next();
        continue;
      }
    }
    if (bytes.empty()) return told;
    waiting.append(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
}

TEST_CASE("requests are the same however their bytes are cut") {
  const std::string_view bytes =
      "GET /a?b=c HTTP/1.1\r\nHost: h\r\nX:  y z \t\r\n\r\n"
      "POST /p HTTP/1.1\r\nhost:h\r\nContent-Length: 5\r\n\r\nhello"
      "POST /q HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n"
      "4;ext=1\r\nwiki\r\n00A;q=\"x\"\r\n0123456789\r\n0\r\nTrailer: gone\r\n\r\n"
      "POST /r HTTP/1.7\r\nHost: h\r\nContent-Length: 0\r\n\r\n"
      "GET http://h:80/abs?x HTTP/1.1\r\nHost: h\r\n\r\n"
      "GET http://h?x HTTP/1.1\r\nHost: h\r\n\r\n"
      "GET /last HTTP/1.0\r\n\r\n";
  const std::vector<std::string> expected = {
      "GET /a?b=c  Host=h X=y z",
      "POST /p? hello host=h Content-Length=5",
      "POST /q? wiki0123456789 Host=h Transfer-Encoding=Chunked",
      "POST /r?  Host=h Content-Length=0",
      "GET /abs?x  Host=h",
      "GET /?x  Host=h",
      "GET /last?  closes",
  };
  for (std::size_t piece = 1; piece < bytes.size() + 1; ++piece) {
    CAPTURE(piece);
    CHECK(read_in_pieces(bytes, piece) == expected);
  }
}

TEST_CASE("the same refusal comes whether the bytes arrive at once or one by one") {
  const request_limits limits{.head = {.request_line_bytes = 30, .header_bytes = 40, .header_fields = 3},
                              .body_bytes = 8};
  struct row {
    std::string bytes;
    std::string_view told;
  };
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\n";
  const std::string line = "GET /234567890123456 HTTP/1.1\r\n";
  const std::vector<row> table = {
      {line + "Host: h\r\n\r\n", "GET /234567890123456?  Host=h"},
      {"GET /23456789012345678 HTTP/1.1\r\nHost: h\r\n\r\n", "refused uri-too-long"},
      {"GET / HTTP/1.1\r\nHost: h\r\nX: 78901234567890123456789\r\n\r\n", "GET /?  Host=h X=78901234567890123456789"},
      {"GET / HTTP/1.1\r\nHost: h\r\nX: 7890123456789012345678901234567\r\n\r\n", "refused headers-too-large"},
      {"GET / HTTP/1.1\r\nHost: h\r\na:\r\nb:\r\n\r\n", "GET /?  Host=h a= b="},
      {"GET / HTTP/1.1\r\nHost: h\r\na:\r\nb:\r\nc:\r\n\r\n", "refused headers-too-large"},
      {head + "Content-Length: 8\r\n\r\n12345678", "POST /? 12345678 Host=h Content-Length=8"},
      {head + "Content-Length: 9\r\n\r\n", "refused body-too-large"},
      {head + "Content-Length: 99999999999999999999999\r\n\r\n", "refused headers-too-large"},
      {head + "Content-Length: 000008\r\n\r\n12345678", "POST /? 12345678 Host=h Content-Length=000008"},
  };
  for (const auto& row : table) {
    CAPTURE(row.bytes);
    CHECK(read_in_pieces(row.bytes, row.bytes.size(), limits) == std::vector<std::string>{std::string(row.told)});
    CHECK(read_in_pieces(row.bytes, 1, limits) == std::vector<std::string>{std::string(row.told)});
  }
}

TEST_CASE("a chunked body has the limits of any other, and its extensions and trailers have theirs") {
  const request_limits limits{.head = {.request_line_bytes = 100, .header_bytes = 100, .header_fields = 3},
                              .body_bytes = 8};
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string fields = " Host=h Transfer-Encoding=chunked";
  const std::string long_extension = ";x=" + std::string(97, 'e');
  const std::string long_trailer = "T: " + std::string(93, 't') + "\r\n";
  struct row {
    std::string body;
    std::string told;
  };
  const std::vector<row> table = {
      {"7\r\n1234567\r\n0\r\n\r\n", "POST /? 1234567" + fields},
      {"8\r\n12345678\r\n0\r\n\r\n", "POST /? 12345678" + fields},
      {"9\r\n", "refused body-too-large"},
      {"4\r\n1234\r\n4\r\n5678\r\n0\r\n\r\n", "POST /? 12345678" + fields},
      {"4\r\n1234\r\n5\r\n", "refused body-too-large"},
      {"ffffffffffffffff\r\n", "refused body-too-large"},
      {"10000000000000000\r\n", "refused malformed-request"},
      {"0\r\n\r\n", "POST /? " + fields},
      {"1" + long_extension + "\r\nx\r\n0\r\n\r\n", "POST /? x" + fields},
      {"1" + long_extension + "e\r\nx\r\n0\r\n\r\n", "refused malformed-request"},
      {"1;a\r\nx\r\n1" + long_extension + "\r\nx\r\n0\r\n\r\n", "refused malformed-request"},
      {"0\r\n" + long_trailer + "\r\n", "POST /? " + fields},
      {"0\r\n" + long_trailer + "U:\r\n\r\n", "refused headers-too-large"},
      {"0\r\na:\r\nb:\r\nc:\r\nd:\r\n\r\n", "refused headers-too-large"},
      {"0\r\na b\r\n\r\n", "refused malformed-request"},
      {"x\r\n", "refused malformed-request"},
      {"-1\r\n", "refused malformed-request"},
      {"0x1\r\nx\r\n0\r\n\r\n", "refused malformed-request"},
      {"1 \nx\r\n0\r\n\r\n", "refused malformed-request"},
      {"1\rx\r\n0\r\n\r\n", "refused malformed-request"},
      {"\r\n", "refused malformed-request"},
      {"1\r\nxy\r\n0\r\n\r\n", "refused malformed-request"},
      {"1" + std::string(4000, ';'), "refused malformed-request"},
      {std::string(4000, '0'), "refused malformed-request"},
  };
  for (const auto& row : table) {
    CAPTURE(row.body);
    CHECK(read_in_pieces(head + row.body, 10000, limits) == std::vector<std::string>{row.told});
    CHECK(read_in_pieces(head + row.body, 1, limits) == std::vector<std::string>{row.told});
  }
}

}  // namespace
}  // namespace foldlog::http
