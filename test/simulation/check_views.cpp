#include "test/simulation/check_views.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/log/memory_log.h"
#include "core/store/view_layout.h"
#include "projections/replay.h"
#include "test/simulation/bank_views.h"

namespace foldlog::test {
namespace {

constexpr std::array<std::string_view, 3> views{"accounts", "owners", "turnover"};

class disk_check {
 public:
  disk_check(world& in, const disk& of, std::string_view whose) : in_(in), rows_(of.views.snapshot()), whose_(whose) {}

  void run() {
    for (const auto view : views) {
      const auto at = reached(view);
      if (!at) return;
      compare(view, view_layout::row_prefix("bank", view), rows_at(in_.truth, view, *at),
              [](std::string_view stored) { return view_layout::render_row(stored); });
      if (view == "accounts") check_indexes(*at);
    }
    if (const auto at = reached(view_layout::stream_view)) check_streams(*at);
  }

 private:
  std::optional<reach> reached(std::string_view view) {
    reach at;
    for (std::int32_t i = 0; i < in_.how.partitions; ++i) {
      const auto stored = rows_->get(view_layout::checkpoint_key("bank", view, {"bank.account", i}));
      const auto point = stored && *stored ? view_layout::checkpoint::decode(**stored) : view_layout::checkpoint{};
      if (!point)
        return in_.judge.complain("I4", fmt::format("a checkpoint of {} does not decode", view)), std::nullopt;
      at.push_back(point->next - 1);
    }
    return at;
  }

  template <typename Render>
  void compare(std::string_view what, const std::string& prefix, const view_rows& due, Render render) {
    view_rows found;
    const auto each = rows_->iterate(prefix);
    for (each->seek(prefix); each->valid(); each->next()) {
      found.emplace(std::string(each->key().substr(prefix.size())), render(each->value()));
    }
    if (found == due) return;
    const auto [is, was] = std::ranges::mismatch(found, due);
    const auto text = [](const auto& at, const auto& all) {
      auto line = at == all.end() ? std::string("nothing") : fmt::format("{} = {}", at->first, at->second);
      std::ranges::replace_if(line, [](char c) { return c < ' ' || c > '~'; }, '.');
      return line;
    };
    in_.judge.complain("I4", fmt::format("on the disk of {} {} holds {} where {} is due", whose_, what, text(is, found),
                                         text(was, due)));
  }

  void check_indexes(const reach& at) {
    for (const std::string_view index : {"owner", "balance"}) {
      view_rows due;
      const auto prefix = view_layout::index_prefix("bank", "accounts", index);
      for (const auto& entry : list_at(in_.truth, "accounts", index, at)) {
        const auto value =
            index == "owner" ? view_layout::index_value(entry.text) : view_layout::index_value(entry.number);
        due.emplace(view_layout::index_key("bank", "accounts", index, value, entry.key).substr(prefix.size()), "");
      }
      compare(index, prefix, due, [](std::string_view value) { return std::string(value); });
    }
  }

  void check_streams(const reach& at) {
    for (const auto& [id, stream] : in_.truth.streams()) {
      view_rows due;
      const auto prefix = view_layout::stream_prefix("bank", "account", id);
      const auto last = stream.version_at(at[static_cast<std::size_t>(stream.partition)]);
      for (std::uint64_t version = 1; version <= last; ++version) {
        due.emplace(view_layout::stream_key("bank", "account", id, version_t{version}).substr(prefix.size()),
                    std::to_string(raw(stream.moments[version].at)));
      }
      compare("the stream " + id, prefix, due, [](std::string_view value) {
        const auto entry = view_layout::stream_entry::decode(value);
        return entry ? std::to_string(raw(entry->offset)) : std::string("damaged");
      });
    }
  }

  world& in_;
  std::shared_ptr<const store_snapshot> rows_;
  std::string whose_;
};

void copy_records(const world& in, event_log& to) {
  for (std::int32_t partition = 0; partition < in.how.partitions; ++partition) {
    std::vector<record> all;
    for (offset_t at{0}; at < in.records.end(partition); at = next(at)) all.push_back(in.records.at(partition, at));
    if (!all.empty()) to.append({0, partition}, all, [](const append_result&) {});
  }
}

}  // namespace

void check_disk(world& in, const disk& of, std::string_view whose) { disk_check(in, of, whose).run(); }

void check_replays(world& in) {
  const reach all(static_cast<std::size_t>(in.how.partitions), offset_t{INT64_MAX});
  boost::asio::io_context context;
  memory_log log({"bank.account"}, in.how.partitions, context.get_executor());
  copy_records(in, log);
  for (const unsigned threads : {1U, 3U}) {
    const auto into = make_memory_store();
    const auto done = replay(log, bank_domains(in.how.records_refusals).projections(), *into,
                             {.threads = threads, .to = {}, .fold = {}, .on_progress = {}, .cancelled = {}});
    if (!done) return in.judge.complain("I5", "a replay fails: " + done.error().text);
    for (const auto& view : done->views) {
      const auto due = digest_of(rows_at(in.truth, view.view, all));
      if (view.digest == due) continue;
      in.judge.complain("I5", fmt::format("a replay with {} threads gives {} the digest {}, the truth {}", threads,
                                          view.view, view.digest, due));
    }
  }
}

}  // namespace foldlog::test
