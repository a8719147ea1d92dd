#include "tools/bank_domain.h"

#include "command/bank/account.h"
#include "projections/bank/bank_projections.h"
#include "schemas/bank/schemas.h"

namespace foldlog::bank {

foldlog::domain domain() {
  return foldlog::domain("bank").with_schemas(schemas()).with_category<account>().with_views(projections());
}

}  // namespace foldlog::bank
