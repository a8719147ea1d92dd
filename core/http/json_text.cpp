#include <string>
#include <string_view>

#include "core/base/names.h"
#include "core/http/problem.h"

namespace foldlog::http {
namespace {

void append_escaped(std::string& out, unsigned char byte) {
  constexpr std::string_view digits = "0123456789abcdef";
  switch (byte) {
    case '"':
      out.append("\\\"");
      return;
    case '\\':
      out.append("\\\\");
      return;
    case '\n':
      out.append("\\n");
      return;
    case '\r':
      out.append("\\r");
      return;
    case '\t':
      out.append("\\t");
      return;
    default:
      out.append("\\u00").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  const bool clean = is_valid_utf8(text);
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == '"' || byte == '\\') {
      append_escaped(out, byte);
    } else if (byte >= 0x80 && !clean) {
      out.append("\xEF\xBF\xBD");  // U+FFFD: an answer is UTF-8 whatever it quotes
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace foldlog::http
