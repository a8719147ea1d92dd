#pragma once

#include "projections/view_fold.h"

namespace foldlog::bank {

/// All views of the bank: accounts, owners, turnover.
[[nodiscard]] projection_list projections();

}  // namespace foldlog::bank
