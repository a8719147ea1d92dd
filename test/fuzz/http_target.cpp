// Requests off the wire: the same whatever pieces they come in, and never beyond the limits.
#include <algorithm>
#include <string>
#include <vector>

#include "core/http/request_reader.h"
#include "test/fuzz/target.h"

namespace foldlog::fuzz {
namespace {

using http::request_limits;
using http::request_reader;

void check_limits(const http::request& got, const request_limits& limits) {
  expect(got.body.size() <= limits.body_bytes, "a body beyond its limit");
  expect(got.headers.size() <= limits.head.header_fields, "more header fields than allowed");
  for (const auto& field : got.headers) {
    expect(field.name.find_first_of("\r\n: ") == std::string_view::npos, "a field's name holds what ends it");
    expect(field.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos, "a bare line end");
  }
}

std::string read_in_pieces(std::string_view bytes, std::size_t piece, const request_limits& limits) {
  request_reader reader(limits);
  std::string told;
  std::string waiting;
  while (true) {
    if (!waiting.empty()) {
      std::string moved(waiting);
      moved.shrink_to_fit();
      const auto outcome = reader.read(moved.data(), moved.size());
      if (outcome == request_reader::outcome::refused) {
        return told.append("refused ").append(name(reader.refusal().kind)).append("\n");
      }
      if (outcome == request_reader::outcome::ready) {
        const auto& got = reader.current();
        check_limits(got, limits);
        told.append(got.method_text).append(" ").append(got.path).append("?").append(got.query);
        told.append(" ").append(got.body);
        for (const auto& field : got.headers) told.append(" ").append(field.name).append("=").append(field.value);
        told.append(reader.keep_alive() ? "\n" : " closes\n");
      }
      expect(reader.consumed() <= moved.size(), "more consumed than there was");
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

}  // namespace

void http_request(std::string_view bytes) {
  const auto choice = take_byte(bytes);
  request_limits limits;
  if ((choice & 0x80U) != 0) limits = {.head = {64, 128, 4}, .body_bytes = 16};
  const std::size_t piece = 1 + (choice & 0x1fU);
  const auto whole = read_in_pieces(bytes, bytes.size() + 1, limits);
  expect(read_in_pieces(bytes, piece, limits) == whole, "requests depend on how their bytes are cut");
}

}  // namespace foldlog::fuzz
