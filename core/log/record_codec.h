#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/log/record.h"

// A record as the embedded log keeps it. u32, u64: big-endian; varint: LEB128; string: varint length, then the bytes.
//
//     record   := checksum:u32 body                    checksum = CRC-32C of the body
//     body     := head:u8 time:u64 version:varint epoch nonce:u32 sequence:varint commit hash:u64 texts
//     head     := 16 * 1 (the version of this format) + kind (0 event, 1 claim, 2 proof, 3 refusal, 4 foreign)
//     time     := microseconds since 1970, two's complement
//     epoch    := varint                               offset of the claim + 1; 0 = none; a claim: 0, its own place
//     says it commit   := index:varint count:varint            each fits 32 bits texts    := key type value command_id
//     correlation_id causation_id actor traceparent, each a string; nothing follows
//
// The first deposit of alice, `{}`, in a commit of its own, under the claim at offset 0:
//
//     9c 75 a6 a2  10  00 06 60 c6 01 32 38 40  01  01  9f 3c 2a 71  00  00 01  01 23 45 67 89 ab cd ef
//     checksum     head time                    ver.ep. nonce        seq commit hash
//     05 'alice'  13 'bank.DepositMade.v1'  02 '{}'  04 '9f1c'  00 00 00 00
namespace foldlog {

/// Appends the record's bytes; its offset is not among them.
void encode_record(std::string& out, const record& source);

/// The record that stands at `offset`; its views point into `bytes`. Error: damaged, for anything that encode_record()
/// does not write. Any bytes are safe.
[[nodiscard]] result<record> decode_record(std::string_view bytes, offset_t offset);

}  // namespace foldlog
