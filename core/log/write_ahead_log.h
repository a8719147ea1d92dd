#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

// The write-ahead log of RocksDB as bytes: what is written, what never was, what is damage. No files here.
//
//     block: 32 KiB | fragment | fragment | … | fewer than 7 bytes: zeros |
//     fragment: crc32c of type and payload, masked 4 | length of the payload 2 | type 1 | payload
//
// Little-endian; a fragment lies within one block, a record is one of type 1 or those of types 2, 3 …, 4
// (https://github.com/facebook/rocksdb/wiki/Write-Ahead-Log-File-Format).
namespace foldlog::write_ahead {

constexpr std::size_t block_size = 32U << 10;
constexpr std::size_t header_size = 7;  ///< of a fragment

/// How many bytes from the beginning of a block are whole fragments; all of a block of full size when too little is
/// left behind them for another.
[[nodiscard]] std::size_t whole_fragments(std::string_view block);

enum class remains : std::uint8_t {
  unwritten,  ///< zeros
  torn,       ///< a write that did not end: a machine that lost its power, or a writer at work
  damaged,
};
/// What the file holds from `offset` to its end, where no whole fragment begins.
///
/// Bytes were zeros before they were written, and nothing is written before the write before it is durable. So a write
/// that did not end is the last one, and it lacks sectors of 512 bytes: where the last record has zeros in the place of
/// none, or another record begins after it, or a sector has a byte alone among zeros, bytes have changed that nobody
/// wrote. What cannot be told from it: a disk that gives zeros for a whole sector of the very last record, which was
/// durable.
[[nodiscard]] remains judge(std::string_view rest, std::uint64_t offset);

}  // namespace foldlog::write_ahead
