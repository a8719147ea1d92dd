#include "query/delivery.h"

#include <utility>

#include "core/base/planted.h"
#include "query/event_json.h"

namespace foldlog::query {

delivery::delivery(std::string domain, std::string category, const std::vector<arbiter::state>& partitions, token after,
                   std::set<std::string, std::less<>> types)
    : stream_begin_(domain + '/' + category + '/'),
      topic_(std::move(domain) + '.' + std::move(category)),
      delivered_(std::move(after)),
      types_(std::move(types)) {
  for (const auto& judged : partitions) {
    auto after = delivered_.find(topic_, static_cast<std::int32_t>(partitions_.size()));
    if (planted(defect::resume_off_by_one) && after != no_offset) after = foldlog::next(after);
    after_.push_back(after);
    partitions_.emplace_back(judged);
  }
}

bool delivery::feed(std::int32_t partition, const record& next, std::string& out) {
  if (halted_.contains(partition)) return true;
  const auto place = static_cast<std::size_t>(partition);
  const auto [verdict, commit] = partitions_[place].feed(next);
  if (planted(defect::subscription_ignores_verdicts) && verdict == verdict::ignored &&
      next.kind == record_kind::event && next.offset > after_[place]) {
    deliver(partition, next, out);
  }
  if (verdict == verdict::damaged) {
    halted_.insert(partition);
    return false;
  }
  for (const auto& each : commit) {
    const bool wanted = each.kind == record_kind::event && each.offset > after_[place] &&
                        (types_.empty() || types_.contains(each.type));
    if (wanted) deliver(partition, each, out);
  }
  return true;
}

void delivery::deliver(std::int32_t partition, const record& event, std::string& out) {
  delivered_.set(topic_, partition, event.offset);
  out.append("id: ").append(delivered_.text()).append("\nevent: ").append(event.type);
  out.append("\ndata: {\"stream\":\"").append(stream_begin_).append(event.key).append("\",");
  append_event_members(out, event, {topic_, partition});
  out.append("}\n\n");
}

}  // namespace foldlog::query
