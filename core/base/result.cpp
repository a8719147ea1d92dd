#include "core/base/result.h"

namespace foldlog {

std::string_view name(error_kind kind) {
  switch (kind) {
    case error_kind::invalid:
      return "invalid";
    case error_kind::not_found:
      return "not_found";
    case error_kind::conflict:
      return "conflict";
    case error_kind::too_large:
      return "too_large";
    case error_kind::unavailable:
      return "unavailable";
    case error_kind::unknown:
      return "unknown";
    case error_kind::damaged:
      return "damaged";
    case error_kind::cancelled:
      return "cancelled";
    case error_kind::internal:
      return "internal";
  }
  return "internal";
}

}  // namespace foldlog
