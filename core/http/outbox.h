#pragma once

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace foldlog::http {

/// The bytes that wait to be sent on a connection, in pieces for one gather write. Small answers are copied together, a
/// large body keeps its own piece.
class outbox {
 public:
  static constexpr std::size_t gather = 16;  ///< pieces in one write
  using buffers = std::array<boost::asio::const_buffer, gather>;

  /// The piece to append small things to. Call `added` with the number of bytes afterwards.
  std::string& tail() {
    if (pieces_.empty() || !open_) {
      pieces_.emplace_back();
      open_ = true;
    }
    return pieces_.back();
  }
  void added(std::size_t bytes) {
    size_ += bytes;
    if (pieces_.back().size() >= large) open_ = false;
  }
  void append(std::string_view bytes) {
    tail().append(bytes);
    added(bytes.size());
  }
  void append_body(std::string body) {
    if (body.size() < large) return append(body);
    size_ += body.size();
    pieces_.push_back(std::move(body));
    open_ = false;
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

  [[nodiscard]] bool single() const { return pieces_.size() == first_ + 1; }
  /// The first pieces; those beyond the end are empty.
  [[nodiscard]] buffers front() const {
    buffers views;
    for (std::size_t i = 0; i < gather && first_ + i < pieces_.size(); ++i) {
      views[i] = boost::asio::buffer(pieces_[first_ + i]);
    }
    views[0] += sent_;
    return views;
  }
  /// That many bytes from the front are sent.
  void drop(std::size_t bytes) {
    size_ -= bytes;
    if (size_ == 0) return clear();
    sent_ += bytes;
    while (sent_ >= pieces_[first_].size()) {
      sent_ -= pieces_[first_].size();
      pieces_[first_++] = {};
    }
    if (first_ >= gather) {
      pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
  }
  /// Empty, but with the memory for the next small answers.
  void clear() {
    size_ = sent_ = first_ = 0;
    pieces_.resize(std::min<std::size_t>(pieces_.size(), 1));
    open_ = !pieces_.empty() && pieces_.front().capacity() <= 2 * large;
    if (open_) {
      pieces_.front().clear();
    } else {
      pieces_.clear();
    }
  }

 private:
  static constexpr std::size_t large = 16384;  // from here on a copy costs more than a piece of a gather write

  std::vector<std::string> pieces_;
  std::size_t first_ = 0;  // the piece that is being sent
  std::size_t sent_ = 0;   // bytes of it that are gone
  std::size_t size_ = 0;
  bool open_ = false;  // the last piece takes more
};

}  // namespace foldlog::http
