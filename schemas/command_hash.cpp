#include "schemas/command_hash.h"

namespace foldlog {

std::uint64_t command_hash(std::string_view command, json::element data, std::optional<std::uint64_t> expected_version,
                           command_hash_scratch& scratch) {
  auto& bytes = scratch.bytes;
  bytes = "[";
  json::append_string(bytes, command);
  bytes.push_back(',');
  json::append_canonical(bytes, data);
  bytes.push_back(',');
  if (expected_version) {
    json::append_integer(bytes, *expected_version);
  } else {
    bytes += "null";
  }
  bytes.push_back(']');
  scratch.digest.update(bytes);
  return scratch.digest.finish_prefix();
}

}  // namespace foldlog
