#include "test/fuzz/json_oracle.h"

#include <cstdint>
#include <set>
#include <string>

namespace foldlog::fuzz {
namespace {

struct grammar {
  std::string_view rest;

  [[nodiscard]] int peek() const { return rest.empty() ? -1 : static_cast<unsigned char>(rest.front()); }
  bool take(char c) {
    if (peek() != static_cast<unsigned char>(c)) return false;
    rest.remove_prefix(1);
    return true;
  }
  bool take(std::string_view word) {
    if (!rest.starts_with(word)) return false;
    rest.remove_prefix(word.size());
    return true;
  }
  void blanks() {
    while (take(' ') || take('\t') || take('\n') || take('\r')) {
    }
  }
  bool digits() {
    const auto before = rest.size();
    while (peek() >= '0' && peek() <= '9') rest.remove_prefix(1);
    return rest.size() < before;
  }

  bool value(int depth) {
    blanks();
    const bool good = peek() == '{'   ? object(depth + 1)
                      : peek() == '[' ? array(depth + 1)
                      : peek() == '"' ? string(nullptr)
                                      : take("true") || take("false") || take("null") || number();
    blanks();
    return good;
  }
  bool array(int depth) {
    if (depth > 64 || !take('[')) return false;
    blanks();
    if (take(']')) return true;
    do {
      if (!value(depth)) return false;
    } while (take(','));
    return take(']');
  }
  bool object(int depth) {
    if (depth > 64 || !take('{')) return false;
    blanks();
    if (take('}')) return true;
    std::set<std::string> keys;
    do {
      std::string key;
      blanks();
      if (!string(&key) || !keys.insert(key).second) return false;
      blanks();
      if (!take(':') || !value(depth)) return false;
    } while (take(','));
    return take('}');
  }
  bool number() {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (!take('e') && !take('E')) return true;
    if (!take('+')) take('-');
    return digits();
  }

  bool hex(std::uint32_t& code) {
    code = 0;
    for (int i = 0; i < 4; ++i) {
      const int c = peek();
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return false;
      code = code * 16 + static_cast<std::uint32_t>(digit);
      rest.remove_prefix(1);
    }
    return true;
  }
  bool escape(std::uint32_t& code) {
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    if (take('u')) {
      if (!hex(code) || (code >= 0xdc00 && code <= 0xdfff)) return false;
      if (code < 0xd800 || code > 0xdbff) return true;
      std::uint32_t low = 0;
      if (!take("\\u") || !hex(low) || low < 0xdc00 || low > 0xdfff) return false;
      code = 0x10000 + ((code & 0x3ffU) << 10U) + (low & 0x3ffU);
      return true;
    }
    const auto at = peek() < 0 ? std::string_view::npos : letters.find(static_cast<char>(peek()));
    if (at == std::string_view::npos) return false;
    code = static_cast<unsigned char>(meanings[at]);
    rest.remove_prefix(1);
    return true;
  }
  /// The code point next in line; no overlong form, no surrogate, nothing above U+10FFFF.
  bool code_point(std::uint32_t& code) {
    const auto first = static_cast<std::uint32_t>(peek());
    const int more = first < 0x80 ? 0 : first < 0xc2 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : -1;
    if (more < 0 || rest.size() <= static_cast<std::size_t>(more)) return false;
    code = more == 0 ? first : first & (0x3fU >> static_cast<unsigned>(more));
    for (int i = 1; i <= more; ++i) {
      const auto next = static_cast<unsigned char>(rest[static_cast<std::size_t>(i)]);
      if ((next & 0xc0U) != 0x80U) return false;
      code = code << 6U | (next & 0x3fU);
    }
    rest.remove_prefix(static_cast<std::size_t>(more) + 1);
    constexpr std::uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    return code >= least[more] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  }
  bool string(std::string* out) {
    if (!take('"')) return false;
    while (!take('"')) {
      std::uint32_t code = 0;
      if (peek() < 0x20) return false;
      if (take('\\') ? !escape(code) : !code_point(code)) return false;
      if (out != nullptr) out->append(reinterpret_cast<const char*>(&code), sizeof code);
    }
    return true;
  }
};

}  // namespace

bool is_json(std::string_view text) {
  grammar all{text};
  return all.value(0) && all.rest.empty();
}

}  // namespace foldlog::fuzz
