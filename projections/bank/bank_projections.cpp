#include "projections/bank/bank_projections.h"

#include "projections/bank/accounts.h"
#include "projections/bank/owners.h"
#include "projections/bank/turnover.h"

namespace foldlog::bank {

projection_list projections() {
  return {make_projection<accounts>(), make_projection<owners>(), make_projection<turnover>()};
}

}  // namespace foldlog::bank
