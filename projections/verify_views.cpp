#include "projections/verify_views.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "core/base/names.h"
#include "core/store/view_layout.h"
#include "projections/view_rows.h"

namespace foldlog {
namespace {

std::string escaped(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '\\') {
      text += c;
    } else {
      fmt::format_to(std::back_inserter(text), "\\x{:02x}", byte);
    }
  }
  return text;
}

// Walks two stores side by side, over the keys that begin with a prefix.
class comparison {
 public:
  comparison(const store_snapshot& subject, const store_snapshot& fresh, verify_report& report,
             std::size_t differences_max)
      : subject_(subject), fresh_(fresh), report_(report), differences_max_(differences_max) {}

  result<void> compare(verified_view& view, const std::string& prefix, bool rows) {
    const auto found = subject_.iterate(prefix);
    const auto expected = fresh_.iterate(prefix);
    found->seek(prefix);
    expected->seek(prefix);
    while (found->valid() || expected->valid()) {
      const bool only_found = !expected->valid() || (found->valid() && found->key() < expected->key());
      const bool only_expected = !found->valid() || (expected->valid() && expected->key() < found->key());
      const auto key = only_expected ? expected->key() : found->key();
      if (rows) ++view.rows;
      if (only_found || only_expected || !same(found->value(), expected->value(), rows)) {
        add(view, rows ? std::string(key.substr(prefix.size())) : escaped(key),
            only_found ? std::string() : text(expected->value(), rows),
            only_expected ? std::string() : text(found->value(), rows));
      }
      if (!only_expected) found->next();
      if (!only_found) expected->next();
    }
    const auto status = found->status();
    return status ? expected->status() : status;
  }

 private:
  static bool same(std::string_view left, std::string_view right, bool rows) {
    return left == right || (rows && text(left, true) == text(right, true));
  }
  static std::string text(std::string_view stored, bool row) {
    if (!row) return stored.empty() ? "(there)" : escaped(stored);
    auto json = view_layout::render_row(stored);
    return json.empty() ? "(damaged) " + escaped(stored) : json;
  }

  void add(verified_view& view, std::string key, std::string expected, std::string found) {
    ++view.differences;
    ++report_.differences;
    if (report_.first_differences.size() >= differences_max_) return;
    report_.first_differences.push_back(
        {view.domain, view.view, std::move(key), std::move(expected), std::move(found)});
  }

  const store_snapshot& subject_;
  const store_snapshot& fresh_;
  verify_report& report_;
  std::size_t differences_max_;
};

using positions = std::map<stored_view, token>;

result<positions> positions_of(const store_snapshot& subject, const projection_list& projections) {
  positions all;
  std::set<stored_view> wanted;
  for (const auto& each : projections) {
    wanted.insert({each->domain(), each->view()});
    wanted.insert({each->domain(), std::string(view_layout::stream_view)});
  }
  for (const auto& view : wanted) {
    auto position = folded_position(subject, view.domain, view.view);
    if (!position) return std::unexpected(position.error());
    all.emplace(view, *std::move(position));
  }
  return all;
}

result<void> compare_view(comparison& both, verified_view& view) {
  if (view.view == view_layout::stream_view) {
    // All categories of the domain: the prefix of a stream without category and id.
    auto prefix = view_layout::stream_prefix(view.domain, "", "");
    prefix.resize(prefix.size() - 2);
    return both.compare(view, prefix, false);
  }
  const auto rows = view_layout::row_prefix(view.domain, view.view);
  const auto compared = both.compare(view, rows, true);
  if (!compared) return compared;
  for (const char kind : {'x', 'p'}) {
    auto prefix = rows;
    prefix.front() = kind;
    const auto also = both.compare(view, prefix, false);
    if (!also) return also;
  }
  return {};
}

}  // namespace

result<verify_report> verify_views(event_log& log, const projection_list& projections, const store_snapshot& subject,
                                   store& scratch, const verify_options& options) {
  const auto stood = positions_of(subject, projections);
  if (!stood) return std::unexpected(stood.error());
  auto replaying = options.replay;
  replaying.fold.stream_table = false;
  for (const auto& [view, position] : *stood) {
    if (view.view == view_layout::stream_view && !position.positions.empty()) replaying.fold.stream_table = true;
  }
  const auto folded =
      replay_up_to(log, projections, scratch, replaying,
                   [&](std::string_view domain, std::string_view view, const topic_partition& at) {
                     const auto found = stood->find({std::string(domain), std::string(view)});
                     return found == stood->end() ? no_offset : found->second.find(at.topic, at.partition);
                   });
  if (!folded) {
    const bool beyond = folded.error().kind == error_kind::invalid;
    return fail(beyond ? error_kind::damaged : folded.error().kind, folded.error().text);
  }
  verify_report report;
  const auto fresh = scratch.snapshot();
  comparison both(subject, *fresh, report, options.differences_max);
  for (const auto& [view, position] : *stood) {
    if (view.view == view_layout::stream_view && !replaying.fold.stream_table) continue;
    auto& verified = report.views.emplace_back();
    verified.domain = view.domain;
    verified.view = view.view;
    verified.position = position;
    const auto compared = compare_view(both, verified);
    if (!compared) return std::unexpected(compared.error());
  }
  return report;
}

}  // namespace foldlog
