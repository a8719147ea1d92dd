#include "core/store/view_layout.h"

#include <utility>

#include "core/base/bytes.h"
#include "core/store/summed_row.h"

namespace foldlog::view_layout {
namespace {

constexpr std::uint8_t checkpoint_format = 1;
constexpr char json_tag = 1;
constexpr char integer_tag = 1;
constexpr char text_tag = 2;
constexpr std::uint8_t offset_entry = 1;
constexpr std::uint8_t record_entry = 2;
constexpr std::uint64_t sign_bit = std::uint64_t{1} << 63;

template <typename... Names>
std::string key_of(char kind, const Names&... names) {
  std::string key;
  key.reserve(1 + (names.size() + ... + sizeof...(names)) + 64);
  key += kind;
  ((key.append(names), key.push_back('\0')), ...);
  return key;
}

// "Before the first" is -1: stored one higher.
void put_offset(std::string& out, offset_t offset) { put_varint(out, static_cast<std::uint64_t>(raw(offset) + 1)); }
offset_t take_offset(byte_reader& in) { return offset_t{static_cast<std::int64_t>(in.varint()) - 1}; }

void put_state(std::string& out, const arbiter::state& judged) {
  put_offset(out, judged.epoch.offset);
  put_u32(out, judged.epoch.nonce);
  put_varint(out, judged.next_sequence);
  put_varint(out, judged.open_records);
  put_varint(out, judged.open_count);
}

arbiter::state take_state(byte_reader& in) {
  arbiter::state judged;
  judged.epoch.offset = take_offset(in);
  judged.epoch.nonce = in.u32();
  judged.next_sequence = in.varint();
  judged.open_records = static_cast<std::uint32_t>(in.varint());
  judged.open_count = static_cast<std::uint32_t>(in.varint());
  return judged;
}

}  // namespace

std::string checkpoint::encode() const {
  std::string bytes(1, static_cast<char>(checkpoint_format));
  put_offset(bytes, next);
  put_state(bytes, judged);
  put_offset(bytes, last_event);
  put_string(bytes, last_event_id);
  put_varint(bytes, events);
  put_u64(bytes, static_cast<std::uint64_t>(last_event_time_us));
  return bytes;
}

std::optional<checkpoint> checkpoint::decode(std::string_view bytes) {
  byte_reader in(bytes);
  if (in.u8() != checkpoint_format) return std::nullopt;
  checkpoint point;
  point.next = take_offset(in);
  point.judged = take_state(in);
  point.last_event = take_offset(in);
  point.last_event_id = in.string();
  point.events = in.varint();
  point.last_event_time_us = static_cast<std::int64_t>(in.u64());
  if (!in.ok() || !in.at_end()) return std::nullopt;
  return point;
}

std::string checkpoint_prefix(std::string_view domain, std::string_view view) { return key_of('c', domain, view); }

std::string checkpoint_key(std::string_view domain, std::string_view view, const topic_partition& at) {
  auto key = key_of('c', domain, view, at.topic);
  put_u32(key, static_cast<std::uint32_t>(at.partition));
  return key;
}

topic_partition checkpoint_place(std::string_view key, std::string_view prefix) {
  key.remove_prefix(prefix.size());
  const auto end = key.find('\0');
  if (end == std::string_view::npos) return {};
  byte_reader partition(key.substr(end + 1));
  return {std::string(key.substr(0, end)), static_cast<std::int32_t>(partition.u32())};
}

std::string row_prefix(std::string_view domain, std::string_view view) { return key_of('r', domain, view); }

std::string row_key(std::string_view domain, std::string_view view, std::string_view key) {
  return row_prefix(domain, view).append(key);
}

std::string index_prefix(std::string_view domain, std::string_view view, std::string_view index) {
  return key_of('x', domain, view, index);
}

std::string index_key(std::string_view domain, std::string_view view, std::string_view index, const index_value& value,
                      std::string_view key) {
  auto bytes = index_prefix(domain, view, index);
  append_index_value(bytes, value);
  return bytes.append(key);
}

void append_index_value(std::string& out, const index_value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    out += integer_tag;
    put_u64(out, static_cast<std::uint64_t>(*integer) ^ sign_bit);
    return;
  }
  out += text_tag;
  for (const char c : std::get<std::string>(value)) {
    out += c;
    if (c == '\0') out += '\xff';
  }
  out.append("\0\1", 2);
}

std::optional<std::pair<index_value, std::string>> split_index_entry(std::string_view after_prefix) {
  byte_reader in(after_prefix);
  const auto tag = in.u8();
  if (tag == integer_tag) {
    const auto bits = in.u64();
    if (!in.ok()) return std::nullopt;
    return std::pair{index_value(static_cast<std::int64_t>(bits ^ sign_bit)), std::string(in.rest())};
  }
  if (tag != text_tag) return std::nullopt;
  std::string text;
  for (auto rest = in.rest();;) {
    const auto zero = rest.find('\0');
    if (zero == std::string_view::npos || zero + 1 >= rest.size()) return std::nullopt;
    text.append(rest.substr(0, zero));
    const char mark = rest[zero + 1];
    rest.remove_prefix(zero + 2);
    if (mark == '\1') return std::pair{index_value(std::move(text)), std::string(rest)};
    if (mark != '\xff') return std::nullopt;
    text += '\0';
  }
}

std::string private_key(std::string_view domain, std::string_view view, std::string_view table, std::string_view key) {
  return key_of('p', domain, view, table).append(key);
}

std::string stream_prefix(std::string_view domain, std::string_view category, std::string_view id) {
  return key_of('s', domain, category, id);
}

std::string stream_key(std::string_view domain, std::string_view category, std::string_view id, version_t version) {
  auto key = stream_prefix(domain, category, id);
  put_u64(key, raw(version));
  return key;
}

std::string mark_prefix(const topic_partition& at) {
  auto key = key_of('m', at.topic);
  put_u32(key, static_cast<std::uint32_t>(at.partition));
  return key;
}

std::string mark_key(const topic_partition& at, offset_t offset) {
  auto key = mark_prefix(at);
  put_u64(key, static_cast<std::uint64_t>(raw(offset)));
  return key;
}

offset_t mark_offset(std::string_view key) {
  if (key.size() < 14 || key.front() != 'm') return no_offset;
  byte_reader number(key.substr(key.size() - 8));
  return offset_t{static_cast<std::int64_t>(number.u64())};
}

std::string encode_mark(const arbiter::state& judged) {
  std::string bytes;
  put_state(bytes, judged);
  return bytes;
}

std::optional<arbiter::state> decode_mark(std::string_view bytes) {
  byte_reader in(bytes);
  const auto judged = take_state(in);
  if (!in.ok() || !in.at_end()) return std::nullopt;
  return judged;
}

std::string render_row(std::string_view stored) {
  if (!stored.empty() && stored.front() == json_tag) return std::string(stored.substr(1));
  const auto summed = summed_row::decode(stored);
  return summed ? summed->render() : std::string();
}

std::string json_row(std::string_view json) {
  std::string stored;
  stored.reserve(json.size() + 1);
  stored += json_tag;
  return stored.append(json);
}

std::string stream_entry::encode() const {
  std::string bytes(1, static_cast<char>(record.empty() ? offset_entry : record_entry));
  put_offset(bytes, offset);
  return bytes.append(record);
}

std::optional<stream_entry> stream_entry::decode(std::string_view bytes) {
  byte_reader in(bytes);
  const auto kind = in.u8();
  stream_entry entry;
  entry.offset = take_offset(in);
  if (!in.ok() || (kind != offset_entry && kind != record_entry)) return std::nullopt;
  if ((kind == offset_entry) != in.at_end()) return std::nullopt;
  entry.record = in.rest();
  return entry;
}

}  // namespace foldlog::view_layout
