#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/position.h"
#include "core/log/arbiter.h"

// Where a view's rows stand in the store that holds all views of a node (one key space, one batch per fold):
//
//     key                                                            value
//     c <domain> 0 <view> 0 <topic> 0 <partition u32>                checkpoint
//     r <domain> 0 <view> 0 <key>                                    row: 1 <JSON text>, or a summed row (begins with
//     2) x <domain> 0 <view> 0 <index> 0 <ordered value> <key>          (empty) p <domain> 0 <view> 0 <table> 0 <key>
//     a projection's private table s <domain> 0 <category> 0 <id> 0 <version u64>                 where an event is, or
//     the event (stream_entry) m <topic> 0 <partition u32> <offset u64>                       mark: the arbiter's state
//     after that record
//
// 0, 1 and 2 are bytes of that value, c, r, x ... letters, numbers big-endian. Names hold no zero byte (API.md section
// 1), the view's key stands last and may hold any byte. An ordered value is `1 <int64 with its sign bit flipped, u64>`
// or `2 <text, each 00 as 00 ff> 00 01`, so that bytes sort as values do.
//
// The stream table of a domain is a view of its own, `_streams`: it has checkpoints, and its entries under `s`.
namespace foldlog::view_layout {

/// The name under which the stream table of a domain keeps its checkpoints and its progress.
constexpr std::string_view stream_view = "_streams";

/// How far one view has folded one partition, with all that is needed to go on.
struct checkpoint {
  offset_t next{0};       ///< the first record that is not folded; a commit that is open there begins at or after it
  arbiter::state judged;  ///< the arbiter's state before that record (nothing is open)
  offset_t last_event = no_offset;      ///< the last accepted record that was folded ...
  std::string last_event_id;            ///< ... and its `<id>/<version>`: on start it must still be there
  std::uint64_t events = 0;             ///< folded so far
  std::int64_t last_event_time_us = 0;  ///< ce_time of it

  [[nodiscard]] std::string encode() const;
  [[nodiscard]] static std::optional<checkpoint> decode(std::string_view bytes);
  bool operator==(const checkpoint&) const = default;
};

/// A value that an index sorts by.
using index_value = std::variant<std::int64_t, std::string>;

[[nodiscard]] std::string checkpoint_key(std::string_view domain, std::string_view view, const topic_partition& at);
[[nodiscard]] std::string checkpoint_prefix(std::string_view domain, std::string_view view);
/// The topic and partition at the end of a checkpoint's key.
[[nodiscard]] topic_partition checkpoint_place(std::string_view key, std::string_view prefix);
[[nodiscard]] std::string row_prefix(std::string_view domain, std::string_view view);
[[nodiscard]] std::string row_key(std::string_view domain, std::string_view view, std::string_view key);
[[nodiscard]] std::string index_prefix(std::string_view domain, std::string_view view, std::string_view index);
[[nodiscard]] std::string index_key(std::string_view domain, std::string_view view, std::string_view index,
                                    const index_value& value, std::string_view key);
void append_index_value(std::string& out, const index_value& value);
/// Splits what follows index_prefix() into the value and the row's key; nothing when the bytes are not of that form.
[[nodiscard]] std::optional<std::pair<index_value, std::string>> split_index_entry(std::string_view after_prefix);
[[nodiscard]] std::string private_key(std::string_view domain, std::string_view view, std::string_view table,
                                      std::string_view key);
[[nodiscard]] std::string stream_prefix(std::string_view domain, std::string_view category, std::string_view id);
[[nodiscard]] std::string stream_key(std::string_view domain, std::string_view category, std::string_view id,
                                     version_t version);
[[nodiscard]] std::string mark_prefix(const topic_partition& at);
[[nodiscard]] std::string mark_key(const topic_partition& at, offset_t offset);
/// The offset at the end of a mark's key; `no_offset` when the key is none.
[[nodiscard]] offset_t mark_offset(std::string_view key);
/// A mark's value: the arbiter's state after the record at its offset; no commit is open in it.
[[nodiscard]] std::string encode_mark(const arbiter::state& judged);
[[nodiscard]] std::optional<arbiter::state> decode_mark(std::string_view bytes);

/// The row as JSON text, from its stored form; empty when that is damaged (or a sum that left 64 bits).
[[nodiscard]] std::string render_row(std::string_view stored);
[[nodiscard]] std::string json_row(std::string_view json);  ///< the stored form of a row that is JSON text

/// What the stream table holds for one event: its offset (embedded log: the log is read there), or the whole record.
struct stream_entry {
  offset_t offset = no_offset;
  std::string record;  ///< empty, or the record as record_codec writes it

  [[nodiscard]] std::string encode() const;
  [[nodiscard]] static std::optional<stream_entry> decode(std::string_view bytes);
};

}  // namespace foldlog::view_layout
