#pragma once

#include <optional>
#include <string>
#include <string_view>

// Where a list goes on, as an opaque text:
//
//     cursor   := base64url without padding of: version:u8 checksum:u64 last
//     version  := 1
//     checksum := the first 8 bytes of SHA-256 over: identity with its length in front, last
//     last     := the bytes of the last entry given, behind its table's prefix: the key, or ordered value and key
//
// The identity is the query without its limit. It is not sent: a cursor of another query does not fit its checksum, and
// neither does an altered one.
namespace foldlog::query {

[[nodiscard]] std::string encode_cursor(std::string_view identity, std::string_view last);
/// The last entry; nothing when the cursor was altered or belongs to another query.
[[nodiscard]] std::optional<std::string> decode_cursor(std::string_view identity, std::string_view cursor);

}  // namespace foldlog::query
