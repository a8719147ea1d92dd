#include "core/log/write_ahead_log.h"

#include <algorithm>

#include "core/log/checksum.h"

namespace foldlog::write_ahead {
namespace {

constexpr std::size_t sector_size = 512;
constexpr std::size_t own_zeros_max = 32;  ///< that a record has in a row, generously
constexpr char whole_record = 1;
constexpr char first_of_record = 2;

std::uint32_t byte(std::string_view in, std::size_t at) { return static_cast<unsigned char>(in[at]); }

std::uint32_t stored_checksum(std::string_view header) {
  const std::uint32_t masked = byte(header, 0) | byte(header, 1) << 8 | byte(header, 2) << 16 | byte(header, 3) << 24;
  const std::uint32_t rotated = masked - 0xa282ead8U;
  return rotated >> 17 | rotated << 15;
}

/// With its header; the bytes need not all be there.
std::size_t announced_size(std::string_view header) { return header_size + (byte(header, 4) | byte(header, 5) << 8); }

/// Of the fragment with which `bytes` begins; 0: there is no whole one.
std::size_t fragment_size(std::string_view bytes) {
  if (bytes.size() < header_size || bytes[6] == 0) return 0;
  const auto size = announced_size(bytes);
  if (size > bytes.size() || crc32c(bytes.substr(6, size - 6)) != stored_checksum(bytes)) return 0;
  return size;
}

std::size_t left_in_block(std::uint64_t offset) { return block_size - offset % block_size; }

enum class sectors : std::uint8_t { all, some, foreign };

/// Which sectors arrived of what was written, with the zeros behind it not counted; foreign: one has bytes that no
/// record leaves alone among zeros.
sectors arrived(std::string_view written, std::uint64_t offset) {
  auto found = sectors::all;
  while (!written.empty()) {
    const auto piece = written.substr(0, sector_size - offset % sector_size);
    const auto begin = piece.find_first_not_of('\0');
    if (begin == std::string_view::npos) {
      found = sectors::some;
    } else if (begin > own_zeros_max) {
      return sectors::foreign;
    }
    written.remove_prefix(piece.size());
    offset += piece.size();
  }
  return found;
}

bool is_whole_but_for_its_length(std::string_view rest, std::size_t written) {
  const auto end = std::min(written + own_zeros_max, rest.size());
  for (auto size = std::max(written, header_size); size <= end; ++size) {
    if (crc32c(rest.substr(6, size - 6)) == stored_checksum(rest)) return true;
  }
  return false;
}

/// True when the fragment goes on behind the sector in which what there is of it ends.
bool lacks_its_end(std::string_view rest, std::size_t written, std::uint64_t offset) {
  if (rest.size() < header_size) return false;
  const auto next_sector = (offset + written + sector_size - 1) / sector_size * sector_size;
  const auto announced = announced_size(rest);
  return announced <= left_in_block(offset) && offset + announced > next_sector &&
         !is_whole_but_for_its_length(rest, written);
}

bool has_a_later_record(std::string_view rest, std::size_t written, std::uint64_t offset) {
  for (std::size_t n = 1; n + header_size <= written; ++n) {
    const char type = rest[n + 6];
    if (type != whole_record && type != first_of_record) continue;
    if (fragment_size(rest.substr(n, left_in_block(offset + n))) != 0) return true;
  }
  return false;
}

}  // namespace

std::size_t whole_fragments(std::string_view block) {
  std::size_t at = 0;
  while (block.size() - at >= header_size) {
    const auto size = fragment_size(block.substr(at));
    if (size == 0) return at;
    at += size;
  }
  return block.size() == block_size ? block_size : at;
}

remains judge(std::string_view rest, std::uint64_t offset) {
  const auto last = rest.find_last_not_of('\0');
  if (last == std::string_view::npos) return remains::unwritten;
  const auto written = last + 1;
  const auto there = arrived(rest.substr(0, written), offset);
  if (there == sectors::foreign || has_a_later_record(rest, written, offset)) return remains::damaged;
  return there == sectors::some || lacks_its_end(rest, written, offset) ? remains::torn : remains::damaged;
}

}  // namespace foldlog::write_ahead
