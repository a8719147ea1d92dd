#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/json.h"

namespace foldlog {

/// Where an instance stands: a chain on the stack, made into a pointer only for a violation.
struct instance_place {
  const instance_place* parent = nullptr;
  std::string_view key = {};
  std::size_t index = 0;
  bool is_item = false;

  [[nodiscard]] instance_place member(std::string_view name) const { return {.parent = this, .key = name}; }
  [[nodiscard]] instance_place item(std::size_t at) const { return {.parent = this, .index = at, .is_item = true}; }

  void append_to(std::string& pointer) const {
    if (parent == nullptr) return;
    parent->append_to(pointer);
    if (is_item) {
      pointer.append("/").append(std::to_string(index));
    } else {
      json::append_pointer(pointer, key);
    }
  }
};

/// Which members or items of one instance some schema has looked at. The first 64 take no memory of their own.
class evaluated_marks {
 public:
  void set(std::size_t index) {
    if (index < few) {
      first_ |= 1ULL << index;
    } else {
      if (more_.size() <= index - few) more_.resize(index - few + 1);
      more_[index - few] = true;
    }
  }
  [[nodiscard]] bool has(std::size_t index) const {
    if (index < few) return (first_ >> index & 1) != 0;
    return index - few < more_.size() && more_[index - few];
  }
  void add(const evaluated_marks& other) {
    first_ |= other.first_;
    for (std::size_t i = 0; i < other.more_.size(); ++i) {
      if (other.more_[i]) set(i + few);
    }
  }

 private:
  static constexpr std::size_t few = 64;
  std::uint64_t first_ = 0;
  std::vector<bool> more_;
};

}  // namespace foldlog
