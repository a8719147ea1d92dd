#include "command/write_model.h"

#include <fmt/format.h>

#include <bit>

#include "core/base/bytes.h"

namespace foldlog {
namespace {

constexpr std::uint64_t format_version = 1;

std::int64_t as_signed(std::uint64_t bits) { return std::bit_cast<std::int64_t>(bits); }
std::uint64_t as_unsigned(std::int64_t number) { return std::bit_cast<std::uint64_t>(number); }

void put_epoch(std::string& out, const epoch_id& epoch) {
  put_u64(out, as_unsigned(raw(epoch.offset)));
  put_u32(out, epoch.nonce);
}

epoch_id take_epoch(byte_reader& from) {
  const offset_t offset{as_signed(from.u64())};
  return {offset, from.u32()};
}

std::unexpected<error> damaged_row(std::string_view what) {
  return fail(error_kind::damaged, fmt::format("the write model's {} row does not decode", what));
}

std::string encode(const remembered& outcome) {
  std::string bytes;
  put_u64(bytes, as_unsigned(outcome.time_us));
  put_varint(bytes, outcome.ordinal);
  put_u64(bytes, outcome.hash);
  bytes.push_back(outcome.refused ? 1 : 0);
  put_varint(bytes, raw(outcome.version));
  put_varint(bytes, outcome.offsets.size());
  offset_t before{0};
  for (const offset_t offset : outcome.offsets) {
    put_varint(bytes, as_unsigned(raw(offset) - raw(before)));
    before = offset;
  }
  return bytes;
}

result<remembered> decode_remembered(std::string_view bytes) {
  byte_reader from(bytes);
  remembered outcome;
  outcome.time_us = as_signed(from.u64());
  outcome.ordinal = from.varint();
  outcome.hash = from.u64();
  outcome.refused = from.u8() != 0;
  outcome.version = version_t{from.varint()};
  const std::uint64_t count = from.varint();
  offset_t before{0};
  for (std::uint64_t i = 0; i < count && from.ok(); ++i) {
    before = before + as_signed(from.varint());
    outcome.offsets.push_back(before);
  }
  if (!from.ok() || !from.at_end()) return damaged_row("command id");
  return outcome;
}

}  // namespace

write_model::write_model(store& rows, const category& of, std::string_view topic, std::int32_t partition)
    : rows_(rows), category_(of), place_(topic) {
  place_.push_back('\0');
  put_u32(place_, static_cast<std::uint32_t>(partition));
}

std::string write_model::key(char kind, std::string_view rest) const {
  std::string bytes;
  bytes.reserve(1 + place_.size() + rest.size());
  bytes.push_back(kind);
  bytes += place_;
  bytes += rest;
  return bytes;
}

result<folded_place> write_model::open() {
  const auto stored = rows_.get(key('w'));
  if (!stored) return std::unexpected(stored.error());
  if (*stored) {
    byte_reader from(**stored);
    const bool same = from.varint() == format_version && from.u64() == category_.fingerprint();
    folded_place place;
    place.next = offset_t{as_signed(from.u64())};
    place.judged.epoch = take_epoch(from);
    place.judged.next_sequence = from.varint();
    place.log_time_us = as_signed(from.u64());
    place.last_counted = offset_t{as_signed(from.u64())};
    place.last_epoch = take_epoch(from);
    place.last_sequence = from.varint();
    if (same && from.ok() && from.at_end()) return place;
  }
  if (auto wiped = wipe(); !wiped) return std::unexpected(wiped.error());
  return folded_place{};
}

result<void> write_model::wipe() {
  auto batch = rows_.make_batch();
  const auto snapshot = rows_.snapshot();
  for (const char kind : {'w', 's', 'o'}) {
    const auto prefix = key(kind);
    const auto rows = snapshot->iterate(prefix);
    for (rows->seek(prefix); rows->valid(); rows->next()) {
      batch->erase(rows->key());
      if (batch->bytes() < (4U << 20)) continue;
      if (auto written = rows_.write(*batch); !written) return written;
      batch->clear();
    }
    if (auto read = rows->status(); !read) return read;
  }
  return rows_.write(*batch);
}

result<std::optional<folded_stream>> write_model::load(std::string_view id) const {
  const auto stored = rows_.get(key('s', id));
  if (!stored) return std::unexpected(stored.error());
  if (!*stored) return std::nullopt;
  byte_reader from(**stored);
  folded_stream stream;
  stream.version = version_t{from.varint()};
  stream.commands = from.varint();
  stream.last_event = offset_t{as_signed(from.u64())};
  if (!from.ok()) return damaged_row("stream");
  const auto state = parser_.parse(from.rest());
  if (!state) return damaged_row("stream");
  auto loaded = category_.load(*state);
  if (!loaded) return damaged_row("stream");
  stream.state = std::move(*loaded);
  return stream;
}

result<std::optional<remembered>> write_model::find(std::string_view id, std::string_view command_id) const {
  std::string rest(id);
  rest.push_back('\0');
  rest += command_id;
  const auto stored = rows_.get(key('o', rest));
  if (!stored) return std::unexpected(stored.error());
  if (!*stored) return std::nullopt;
  auto outcome = decode_remembered(**stored);
  if (!outcome) return std::unexpected(outcome.error());
  return std::move(*outcome);
}

void write_model::put(store_batch& batch, std::string_view id, const folded_stream& stream) {
  scratch_.clear();
  put_varint(scratch_, raw(stream.version));
  put_varint(scratch_, stream.commands);
  put_u64(scratch_, as_unsigned(raw(stream.last_event)));
  category_.save(scratch_, *stream.state);
  batch.put(key('s', id), scratch_);
}

void write_model::put(store_batch& batch, std::string_view id, std::string_view command_id, const remembered& outcome) {
  std::string rest(id);
  rest.push_back('\0');
  rest += command_id;
  batch.put(key('o', rest), encode(outcome));
}

void write_model::put(store_batch& batch, const folded_place& place) {
  scratch_.clear();
  put_varint(scratch_, format_version);
  put_u64(scratch_, category_.fingerprint());
  put_u64(scratch_, as_unsigned(raw(place.next)));
  put_epoch(scratch_, place.judged.epoch);
  put_varint(scratch_, place.judged.next_sequence);
  put_u64(scratch_, as_unsigned(place.log_time_us));
  put_u64(scratch_, as_unsigned(raw(place.last_counted)));
  put_epoch(scratch_, place.last_epoch);
  put_varint(scratch_, place.last_sequence);
  batch.put(key('w'), scratch_);
}

std::optional<std::int64_t> write_model::remembered_time_us(std::string_view value) {
  byte_reader from(value);
  const auto time = as_signed(from.u64());
  return from.ok() ? std::optional(time) : std::nullopt;
}

}  // namespace foldlog
