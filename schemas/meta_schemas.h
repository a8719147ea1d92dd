#pragma once

#include <span>

#include "schemas/embedded_schema.h"

namespace foldlog::meta {

/// The meta-schemas of JSON Schema 2020-12, each under its `$id`.
[[nodiscard]] std::span<const embedded_schema> schemas();

}  // namespace foldlog::meta
