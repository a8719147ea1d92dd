#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "core/http/message.h"

namespace foldlog::http {

/// What the Accept-Encoding fields of a request say about gzip (RFC 9110, 12.5.3). Pure.
class accepted_codings {
 public:
  /// One field's value; several fields are one list.
  void take(std::string_view value);
  /// gzip may be used, and identity is not preferred to it.
  [[nodiscard]] bool gzip() const;

 private:
  static constexpr int unsaid = -1;
  int gzip_ = unsaid;  // qualities in thousandths
  int identity_ = unsaid;
  int any_ = unsaid;
};

/// Compresses large JSON for those who take it. A view's answer then has a weak ETag, since its bytes are others; an
/// answer to a command, whose ETag goes into If-Match, is sent as it is. GET answers name Accept-Encoding in Vary.
class content_coder {
 public:
  explicit content_coder(std::size_t least);  ///< bytes of a body from which it is compressed; 0: never
  ~content_coder();
  content_coder(const content_coder&) = delete;
  content_coder& operator=(const content_coder&) = delete;

  void apply(response& answer, method asked, bool takes_gzip);

 private:
  struct deflater;
  std::size_t least_;
  std::unique_ptr<deflater> deflater_;  // made when it is needed first
};

}  // namespace foldlog::http
