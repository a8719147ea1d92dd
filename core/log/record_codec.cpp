#include "core/log/record_codec.h"

#include <fmt/format.h>

#include <limits>

#include "core/base/bytes.h"
#include "core/log/checksum.h"

namespace foldlog {
namespace {

constexpr std::size_t checksum_size = 4;
constexpr std::uint8_t format_version = 1;
constexpr auto last_kind = static_cast<std::uint8_t>(record_kind::foreign);

std::unexpected<error> damaged(offset_t offset, std::string_view what) {
  return fail(error_kind::damaged, fmt::format("the record at offset {} is damaged: {}", raw(offset), what));
}

}  // namespace

void encode_record(std::string& out, const record& source) {
  const std::size_t begin = out.size();
  out.append(checksum_size, '\0');
  out.push_back(static_cast<char>(format_version << 4 | static_cast<std::uint8_t>(source.kind)));
  put_u64(out, static_cast<std::uint64_t>(source.time.time_since_epoch().count()));
  put_varint(out, raw(source.version));
  const bool is_claim = source.kind == record_kind::claim;
  put_varint(out, is_claim ? 0 : static_cast<std::uint64_t>(raw(source.epoch.offset)) + 1);
  put_u32(out, source.epoch.nonce);
  put_varint(out, source.epoch_sequence);
  put_varint(out, source.commit_index);
  put_varint(out, source.commit_count);
  put_u64(out, source.command_hash);
  for (const auto text : {source.key, source.type, source.value, source.command_id, source.correlation_id,
                          source.causation_id, source.actor, source.traceparent}) {
    put_string(out, text);
  }
  const std::uint32_t checksum = crc32c(std::string_view(out).substr(begin + checksum_size));
  for (std::size_t n = 0; n < checksum_size; ++n) out[begin + n] = static_cast<char>(checksum >> (24 - 8 * n));
}

result<record> decode_record(std::string_view bytes, offset_t offset) {
  byte_reader in(bytes);
  const std::uint32_t checksum = in.u32();
  if (!in.ok() || crc32c(in.rest()) != checksum) return damaged(offset, "its checksum does not fit its bytes");
  const std::uint8_t head = in.u8();
  if (in.ok() && head >> 4 != format_version) {
    return damaged(offset, fmt::format("it has format {}, this program knows format {}", head >> 4, format_version));
  }
  record found;
  found.kind = static_cast<record_kind>(head & 0x0fU);
  found.offset = offset;
  found.time = timestamp{std::chrono::microseconds(static_cast<std::int64_t>(in.u64()))};
  found.version = version_t{in.varint()};
  found.epoch.offset = offset_t{static_cast<std::int64_t>(in.varint() - 1)};
  found.epoch.nonce = in.u32();
  found.epoch_sequence = in.varint();
  const std::uint64_t commit_index = in.varint();
  const std::uint64_t commit_count = in.varint();
  found.commit_index = static_cast<std::uint32_t>(commit_index);
  found.commit_count = static_cast<std::uint32_t>(commit_count);
  found.command_hash = in.u64();
  for (auto* text : {&found.key, &found.type, &found.value, &found.command_id, &found.correlation_id,
                     &found.causation_id, &found.actor, &found.traceparent}) {
    *text = in.string();
  }
  constexpr auto highest = std::numeric_limits<std::uint32_t>::max();
  const bool is_claim = found.kind == record_kind::claim;
  const bool fits = (head & 0x0fU) <= last_kind && commit_index <= highest && commit_count <= highest &&
                    (!is_claim || found.epoch.offset == no_offset);
  if (!in.ok() || !in.at_end() || !fits) return damaged(offset, "its fields do not fit its length");
  if (is_claim) found.epoch.offset = offset;
  return found;
}

}  // namespace foldlog
