#include "command/bank/account.h"
#include "projections/bank/bank_projections.h"
#include "schemas/bank/schemas.h"
#include "test/simulation/world.h"

namespace foldlog::test {
namespace {

struct recording_account : bank::account {
  static constexpr bool record_refusals = true;
};

domain_set make(bool records_refusals) {
  domain made("bank");
  made.with_schemas(bank::schemas()).with_views(bank::projections());
  if (records_refusals)
    made.with_category<recording_account>();
  else
    made.with_category<bank::account>();
  domain_set set;
  if (auto added = set.add(std::move(made)); !added) throw std::runtime_error(added.error().text);
  return set;
}

}  // namespace

const domain_set& bank_domains(bool records_refusals) {
  static const domain_set plain = make(false);
  static const domain_set recording = make(true);
  return records_refusals ? recording : plain;
}

}  // namespace foldlog::test
