#pragma once

#include <algorithm>
#include <bit>
#include <cassert>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "core/http/message.h"
#include "core/http/response_writer.h"

namespace foldlog::http {

/// A request that is under way: answered in its turn.
struct pending_answer {
  answer_form form;
  method asked = method::other;
  bool takes_gzip = false;
  bool answered = false;
  response answer;
  std::string_view route;
  std::chrono::steady_clock::time_point started;
};

/// The requests of a connection that are under way, by number, in the order of their arrival.
class answer_queue {
 public:
  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::uint64_t first() const { return first_; }

  std::uint64_t push(answer_form form, method asked = method::other, bool takes_gzip = false) {
    if (count_ == ring_.size()) grow();
    auto& added = at(first_ + count_);
    added.form = form;
    added.asked = asked;
    added.takes_gzip = takes_gzip;
    added.answered = false;
    added.route = {};
    return first_ + count_++;
  }
  /// Nothing when that request is not under way any more.
  [[nodiscard]] pending_answer* find(std::uint64_t number) { return number - first_ < count_ ? &at(number) : nullptr; }
  [[nodiscard]] pending_answer& front() {
    assert(count_ > 0);
    return at(first_);
  }
  void pop() {
    assert(count_ > 0);
    at(first_).answer = {};
    ++first_;
    --count_;
  }
  void clear() {
    while (count_ > 0) pop();
  }

 private:
  pending_answer& at(std::uint64_t number) { return ring_[number & (ring_.size() - 1)]; }
  void grow() {
    std::vector<pending_answer> larger(std::bit_ceil(std::max<std::size_t>(2, ring_.size() * 2)));
    for (auto number = first_; number < first_ + count_; ++number) {
      larger[number & (larger.size() - 1)] = std::move(at(number));
    }
    ring_ = std::move(larger);
  }

  std::vector<pending_answer> ring_;  // its size is a power of two
  std::uint64_t first_ = 0;
  std::size_t count_ = 0;
};

}  // namespace foldlog::http
