#pragma once

#include <filesystem>

#include "core/base/result.h"
#include "tools/domain.h"

namespace foldlog {

/// A domain that is only a folder of schemas: clients decide, and append events that fit.
///
///     orders/                        the domain, by the folder's name
///       order/                       a category: streams orders/order/<id>, topic orders.order
///         OrderPlaced.v1.json        an event: orders.OrderPlaced.v1
///       Money.v1.json                no event: what the schemas of events may refer to, {"$ref":"Money.v1.json"}
///
/// Errors name the file or folder: not_found, invalid.
[[nodiscard]] result<domain> read_domain_folder(const std::filesystem::path& folder);

}  // namespace foldlog
