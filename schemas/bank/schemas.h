#pragma once

#include <span>

#include "schemas/embedded_schema.h"

namespace foldlog::bank {

/// Every schema of schemas/bank, compiled in; for schema_registry::add.
[[nodiscard]] std::span<const embedded_schema> schemas();

}  // namespace foldlog::bank
