#pragma once

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <cstring>
#include <memory>

namespace foldlog::http {

/// The bytes of a connection that have arrived and are not consumed: one flat piece, so that requests are read in
/// place.
class read_buffer {
 public:
  [[nodiscard]] char* data() { return memory_.get() + begin_; }
  [[nodiscard]] std::size_t size() const { return end_ - begin_; }
  [[nodiscard]] bool empty() const { return begin_ == end_; }

  /// Room for a read; moves what is there when it must: never while a read is under way or views are in use.
  [[nodiscard]] boost::asio::mutable_buffer prepare() {
    if (empty()) {
      begin_ = end_ = 0;
      if (capacity_ > kept) capacity_ = 0;
    }
    if (capacity_ - end_ < least || (filled_ && capacity_ < kept)) make_room();
    filled_ = false;
    return boost::asio::buffer(memory_.get() + end_, capacity_ - end_);
  }
  void commit(std::size_t bytes) {
    end_ += bytes;
    filled_ = end_ == capacity_;
  }
  void consume(std::size_t bytes) { begin_ += bytes; }
  void clear() { begin_ = end_; }

 private:
  static constexpr std::size_t first = 4096;     // an idle connection holds this much
  static constexpr std::size_t least = 1024;     // room for a read
  static constexpr std::size_t kept = 1U << 15;  // more is given back when nothing is buffered

  void make_room() {
    const auto used = size();
    if (!filled_ && used + std::max(least, capacity_ / 4) <= capacity_) {
      std::memmove(memory_.get(), data(), used);
    } else {
      const auto larger = std::max(first, capacity_ * 2);
      auto memory = std::make_unique_for_overwrite<char[]>(larger);
      if (used > 0) std::memcpy(memory.get(), data(), used);
      memory_ = std::move(memory);
      capacity_ = larger;
    }
    begin_ = 0;
    end_ = used;
  }

  std::unique_ptr<char[]> memory_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool filled_ = false;  // the last read may have left more in the system
};

}  // namespace foldlog::http
