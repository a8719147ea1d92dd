#pragma once

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>

namespace foldlog::test {

/// What happened in a run, as a hash over all of it, and, when somebody wants to read it, as lines.
class trace {
 public:
  using clock = std::function<std::chrono::nanoseconds()>;
  explicit trace(clock time) : time_(std::move(time)) {}

  /// Print every line from now on.
  void print() { prints_ = true; }
  [[nodiscard]] std::uint64_t hash() const { return hash_; }

  template <typename... Values>
  void note(fmt::format_string<const Values&...> form, const Values&... values) {
    const auto text = fmt::string_view(form);
    mix(std::string_view(text.data(), text.size()));
    mix(static_cast<std::uint64_t>(time_().count()));
    (mix(values), ...);
    if (prints_) line(fmt::format(form, values...));
  }

 private:
  void mix(std::uint64_t word) { hash_ = (hash_ ^ word) * 0x100000001b3U ^ hash_ >> 29; }
  template <typename Number>
    requires std::is_integral_v<Number> || std::is_enum_v<Number>
  void mix(Number number) {
    mix(static_cast<std::uint64_t>(number));
  }
  void mix(std::string_view text) {
    mix(static_cast<std::uint64_t>(text.size()));
    for (const char c : text) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  void line(const std::string& text) const;

  clock time_;
  bool prints_ = false;
  std::uint64_t hash_ = 0xcbf29ce484222325U;
};

}  // namespace foldlog::test
