#pragma once

#include <cstdint>
#include <string_view>

namespace foldlog {

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4): `crc32c("123456789")` is 0xe3069283. By the processor's own instruction
/// where there is one.
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes);
/// The same without that instruction, for every machine.
[[nodiscard]] std::uint32_t crc32c_portable(std::string_view bytes);

}  // namespace foldlog
