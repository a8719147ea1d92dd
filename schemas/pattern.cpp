#include "schemas/pattern.h"

#include <re2/re2.h>

#include <array>
#include <charconv>
#include <string>
#include <tuple>

#include "schemas/unicode_categories.h"

namespace foldlog {

namespace {

// White space and line ends as ECMA-262 counts them, and the rest of Unicode, for use within brackets.
constexpr std::string_view spaces =
    R"(\t-\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff})";
constexpr std::string_view no_spaces =
    R"(\x{0}-\x{8}\x{e}-\x{1f}!-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e})"
    R"(\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff})";
constexpr std::string_view any_but_line_end = R"([^\n\r\x{2028}\x{2029}])";
constexpr std::string_view anything = R"([\x{0}-\x{10ffff}])";
constexpr std::string_view nothing = R"([^\x{0}-\x{10ffff}])";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Writes an ECMA-262 expression in RE2's syntax where the two differ; what both share is left to RE2 to judge.
class translation {
 public:
  explicit translation(std::string_view text) : rest_(text) {}

  result<std::string> run() {
    while (!rest_.empty() && problem_.empty()) {
      const char c = take();
      if (c == '\\') {
        escape();
      } else if (in_class_) {
        within_class(c);
      } else {
        outside(c);
      }
    }
    if (in_class_) refuse("a [ is not closed");
    if (!problem_.empty()) return fail(error_kind::invalid, problem_);
    return std::move(out_);
  }

 private:
  char take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  bool take(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }
  void refuse(std::string problem) { problem_ = std::move(problem); }

  void outside(char c) {
    if (c == '.') {
      out_ += any_but_line_end;
    } else if (c == '(') {
      group();
    } else if (c != '[') {
      out_ += c;
    } else if (take("^]")) {
      out_ += anything;
    } else if (take("]")) {
      out_ += nothing;
    } else {
      in_class_ = true;
      out_ += take("^") ? "[^" : "[";
    }
  }

  void within_class(char c) {
    if (c == '[') {
      out_ += "\\[";
    } else {
      out_ += c;
      in_class_ = c != ']';
    }
  }

  void group() {
    out_ += '(';
    if (!take("?")) return;
    if (rest_.starts_with("=") || rest_.starts_with("!") || rest_.starts_with("<=") || rest_.starts_with("<!")) {
      refuse("look-around is not supported");
    } else if (take(":")) {
      out_ += "?:";
    } else if (take("<")) {
      out_ += "?P<";
    } else {
      refuse("an unknown group");
    }
  }

  void escape() {
    if (rest_.empty()) return refuse("it ends with a backslash");
    const char c = take();
    switch (c) {
      case 's':
        return white_space(spaces);
      case 'S':
        return white_space(no_spaces);
      case 'u':
        return code_point();
      case 'x':
        return byte();
      case 'c':
        return control();
      case 'p':
      case 'P':
        return property(c);
      case 'b':
        out_ += in_class_ ? "\\x08" : "\\b";
        return;
      case 'B':
        if (in_class_) return refuse("\\B within brackets");
        [[fallthrough]];
      case 'd':
      case 'D':
      case 'w':
      case 'W':
      case 'n':
      case 'r':
      case 't':
      case 'f':
      case 'v':
        out_.append("\\").push_back(c);
        return;
      case '0':
        if (!rest_.empty() && is_digit(rest_.front())) return refuse("an octal escape");
        out_ += "\\x00";
        return;
      default:
        literal(c);
    }
  }

  void literal(char c) {
    if (is_digit(c) || c == 'k') return refuse("back-references are not supported");
    if (is_letter(c)) return refuse(std::string("the unknown escape \\") + c);
    if (c != '/' && (c & 0x80) == 0) out_ += '\\';
    out_ += c;
  }

  void white_space(std::string_view characters) {
    if (!in_class_) out_ += '[';
    out_ += characters;
    if (!in_class_) out_ += ']';
  }

  /// The hex digits next in line, exactly that many; nothing else is a code.
  bool take_hex(std::size_t digits, unsigned& code) {
    if (rest_.size() < digits) return false;
    const auto text = rest_.substr(0, digits);
    const auto [stop, problem] = std::from_chars(text.begin(), text.end(), code, 16);
    if (problem != std::errc() || stop != text.end()) return false;
    rest_.remove_prefix(digits);
    return true;
  }

  void code_point() {
    unsigned code = 0;
    if (take("{")) {
      const auto digits = rest_.find('}');
      if (digits == std::string_view::npos || !take_hex(digits, code) || !take("}")) return refuse("a malformed \\u");
    } else if (!take_hex(4, code)) {
      return refuse("a malformed \\u");
    }
    unsigned low = 0;
    if (code >= 0xd800 && code <= 0xdbff && rest_.starts_with("\\u")) {
      rest_.remove_prefix(2);
      if (!take_hex(4, low) || low < 0xdc00 || low > 0xdfff) return refuse("a lone surrogate");
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    if (code >= 0xd800 && code <= 0xdfff) return refuse("a lone surrogate");
    put(code);
  }

  void byte() {
    unsigned code = 0;
    if (!take_hex(2, code)) return refuse("a malformed \\x");
    put(code);
  }

  void control() {
    if (rest_.empty() || !is_letter(rest_.front())) return refuse("a malformed \\c");
    put(static_cast<unsigned>(take()) & 31U);
  }

  void property(char c) {
    if (!take("{")) return refuse("a malformed \\p");
    const bool script = take("Script=") || take("sc=");
    if (!script) std::ignore = take("General_Category=") || take("gc=");
    const auto name = rest_.substr(0, rest_.find('}'));
    rest_.remove_prefix(name.size());
    if (!take("}")) return refuse("a malformed \\p");
    out_.append("\\").append(1, c).append("{").append(script ? name : short_category_name(name)).append("}");
  }

  void put(unsigned code) {
    std::array<char, 8> digits;
    const auto* const end = std::to_chars(digits.data(), digits.data() + digits.size(), code, 16).ptr;
    out_.append("\\x{").append(std::string_view(digits.data(), end)).append("}");
  }

  std::string_view rest_;
  std::string out_;
  std::string problem_;
  bool in_class_ = false;
};

}  // namespace

pattern::pattern(std::unique_ptr<re2::RE2> program) : program_(std::move(program)) {}
pattern::pattern(pattern&&) noexcept = default;
pattern& pattern::operator=(pattern&&) noexcept = default;
pattern::~pattern() = default;

result<pattern> pattern::compile(std::string_view text) {
  auto translated = translation(text).run();
  if (!translated) return std::unexpected(translated.error());
  RE2::Options options;
  options.set_log_errors(false);
  auto program = std::make_unique<RE2>(*translated, options);
  if (!program->ok()) return fail(error_kind::invalid, program->error());
  return pattern(std::move(program));
}

bool pattern::matches(std::string_view text) const {
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *program_);
}

}  // namespace foldlog
