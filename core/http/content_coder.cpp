#include "core/http/content_coder.h"

#include <zlib.h>

#include <algorithm>
#include <new>

#include "core/http/problem.h"
#include "core/http/text.h"

namespace foldlog::http {
namespace {

// Level 1 takes a third of the time of the default level and makes JSON only a little larger; the I/O loop waits for
// it.
constexpr int level = 1;
constexpr int gzip_window_bits = 15 + 16;

// `;q=0.5` in thousandths; 1000 without one, and for what is no quality.
int quality(std::string_view parameters) {
  while (!parameters.empty()) {
    const auto one = trim(parameters.substr(0, parameters.find(';')));
    parameters.remove_prefix(std::min(parameters.find(';'), parameters.size() - 1) + 1);
    if (one.size() < 3 || to_lower(one[0]) != 'q' || one[1] != '=' || !is_digit(one[2])) continue;
    int thousandths = 0;
    int unit = 1000;
    for (const char c : one.substr(2)) {
      if (!is_digit(c)) continue;
      thousandths += (c - '0') * unit;
      unit /= 10;
    }
    return std::min(thousandths, 1000);
  }
  return 1000;
}

bool is_compressible(std::string_view content_type) {
  return content_type.contains("json") || content_type.starts_with("text/html");
}

constexpr std::string_view etag = "ETag: \"";
constexpr std::string_view vary = "Vary: Accept-Encoding\r\n";

}  // namespace

void accepted_codings::take(std::string_view value) {
  while (!value.empty()) {
    const auto element = value.substr(0, value.find(','));
    value.remove_prefix(std::min(element.size() + 1, value.size()));
    const auto semicolon = std::min(element.find(';'), element.size());
    const auto name = trim(element.substr(0, semicolon));
    const int worth = quality(element.substr(std::min(semicolon + 1, element.size())));
    if (equals_ignoring_case(name, "gzip") || equals_ignoring_case(name, "x-gzip")) gzip_ = worth;
    if (equals_ignoring_case(name, "identity")) identity_ = worth;
    if (name == "*") any_ = worth;
  }
}

bool accepted_codings::gzip() const {
  const int worth = gzip_ != unsaid ? gzip_ : any_;
  return worth > 0 && worth >= identity_;
}

struct content_coder::deflater {
  z_stream state{};

  deflater() {
    if (deflateInit2(&state, level, Z_DEFLATED, gzip_window_bits, MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc();
  }
  ~deflater() { deflateEnd(&state); }
  deflater(const deflater&) = delete;
  deflater& operator=(const deflater&) = delete;

  std::string compress(std::string_view plain) {
    deflateReset(&state);
    std::string compressed(deflateBound(&state, plain.size()), '\0');
    state.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
    state.avail_in = static_cast<uInt>(plain.size());
    state.next_out = reinterpret_cast<Bytef*>(compressed.data());
    state.avail_out = static_cast<uInt>(compressed.size());
    if (deflate(&state, Z_FINISH) != Z_STREAM_END) return {};
    compressed.resize(state.total_out);
    return compressed;
  }
};

content_coder::content_coder(std::size_t least) : least_(least) {}
content_coder::~content_coder() = default;

void content_coder::apply(response& answer, method asked, bool takes_gzip) {
  const bool read = asked == method::get || asked == method::head;
  if (least_ == 0 || answer.stream || (!read && !takes_gzip)) return;
  const bool compressible = is_compressible(answer.content_type);
  if (read && (compressible || answer.status == status::not_modified)) answer.fields.append(vary);
  constexpr std::size_t most = 1U << 30;  // zlib counts in 32 bits
  if (!takes_gzip || !compressible || answer.body.size() < least_ || answer.body.size() > most) return;
  const auto tag = answer.fields.find(etag);
  if (tag != std::string::npos && !read) return;
  if (!deflater_) deflater_ = std::make_unique<deflater>();
  auto compressed = deflater_->compress(answer.body);
  if (compressed.empty() || compressed.size() >= answer.body.size()) return;
  if (tag != std::string::npos) answer.fields.insert(tag + etag.size() - 1, "W/");
  if (!read) answer.fields.append(vary);
  answer.add("Content-Encoding", "gzip");
  answer.body = std::move(compressed);
}

}  // namespace foldlog::http
