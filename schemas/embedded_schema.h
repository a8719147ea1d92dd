#pragma once

#include <cstdint>
#include <string_view>

namespace foldlog {

/// A schema that was compiled into the program by the CMake function foldlog_embed_schemas().
struct embedded_schema {
  std::string_view domain;  ///< `bank`
  std::string_view name;    ///< `DepositMade`
  std::uint32_t version;    ///< of `DepositMade.v1.json`: 1
  std::string_view text;    ///< the JSON
};

}  // namespace foldlog
