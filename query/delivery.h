#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/position.h"
#include "core/log/commit_reader.h"

namespace foldlog::query {

/// What a subscriber gets of a category's log: of its accepted events those behind the place where it left off, each
/// once, in the order of its partition. Pure: records go in, server-sent events come out.
///
///     id: bank.account/0@17,bank.account/3@1207      everything that was delivered up to and with this event
///     event: bank.DepositMade.v1
///     data: {"stream":"bank/account/alice","type":"bank.DepositMade.v1",…}
class delivery {
 public:
  /// `partitions[n]`: the arbiter's state from which partition n is read. `after`: delivered before; its positions stay
  /// in every id. `types`: only these; empty: all.
  delivery(std::string domain, std::string category, const std::vector<arbiter::state>& partitions, token after,
           std::set<std::string, std::less<>> types);

  /// Appends what this record makes certain. False when the record is damage: nothing of its partition is delivered
  /// from then on.
  [[nodiscard]] bool feed(std::int32_t partition, const record& next, std::string& out);

 private:
  void deliver(std::int32_t partition, const record& event, std::string& out);

  std::string stream_begin_;  ///< `<domain>/<category>/`
  std::string topic_;
  std::vector<commit_reader> partitions_;
  std::vector<offset_t> after_;
  std::set<std::int32_t> halted_;
  token delivered_;
  std::set<std::string, std::less<>> types_;
};

}  // namespace foldlog::query
