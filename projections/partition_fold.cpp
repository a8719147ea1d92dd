#include "projections/partition_fold.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "core/base/planted.h"
#include "core/log/record_codec.h"

namespace foldlog {
namespace {

constexpr std::int64_t mark_distance = 2048;  // the contract is one in 4096: room for a commit that is open just then

// What a planted defect writes instead: the index entries of former values stay.
class keeps_index_entries final : public store_batch {
 public:
  explicit keeps_index_entries(store_batch& into) : into_(into) {}
  void put(std::string_view key, std::string_view value) override { into_.put(key, value); }
  void erase(std::string_view key) override {
    if (!key.starts_with('x')) into_.erase(key);
  }
  void add(std::string_view key, std::string_view row) override { into_.add(key, row); }
  void clear() override { into_.clear(); }
  [[nodiscard]] std::size_t bytes() const override { return into_.bytes(); }

 private:
  store_batch& into_;
};

void write_rows(view_fold& rows, store_batch& into) {
  if (planted(defect::cached_row_lost)) rows.written();
  if (!planted(defect::index_entry_left)) return rows.write(into);
  keeps_index_entries kept(into);
  rows.write(kept);
}

result<view_layout::checkpoint> load_checkpoint(const store& from, const std::string& key, const topic_partition& at,
                                                bool& present) {
  auto bytes = from.get(key);
  if (!bytes) return std::unexpected(std::move(bytes.error()));
  present = bytes->has_value();
  if (!present) return view_layout::checkpoint{};
  auto point = view_layout::checkpoint::decode(**bytes);
  if (!point)
    return fail(error_kind::damaged, fmt::format("a checkpoint of {}/{} does not decode", at.topic, at.partition));
  return *std::move(point);
}

}  // namespace

partition_fold::partition_fold(partition_id id, const topic_partition& at, const fold_options& options)
    : id_(id), at_(at), options_(options) {
  const auto dot = at.topic.find('.');
  domain_ = at.topic.substr(0, dot);
  category_ = at.topic.substr(dot + 1);
}

result<std::unique_ptr<partition_fold>> partition_fold::open(const store& from, const projection_list& all,
                                                             partition_id id, const topic_partition& at,
                                                             const fold_options& options, std::size_t cache_bytes) {
  std::unique_ptr<partition_fold> made(new partition_fold(id, at, options));
  made->store_ = &from;
  for (const auto& each : all) {
    if (each->topic() != at.topic) continue;
    if (!made->events_) made->events_ = each->make_events();
    auto& view = made->views_.emplace_back();
    view.what = each.get();
    view.view = each->view();
    view.rows = each->open(from, cache_bytes);
  }
  if (options.stream_table) made->views_.emplace_back().view = view_layout::stream_view;
  for (auto& view : made->views_) {
    auto point = load_checkpoint(from, view_layout::checkpoint_key(made->domain_, view.view, at), at, view.present);
    if (!point) return std::unexpected(std::move(point.error()));
    view.folded = *std::move(point);
    view.saved_next = view.folded.next;
    if (view.what == nullptr) made->stream_table_ = &view;
  }
  return made;
}

offset_t partition_fold::begin() {
  const view_state* first = nullptr;
  limit_ = offset_t{INT64_MAX};
  for (auto& view : views_) {
    view.done = view.folded.next > view.last;
    view.checked = witness(view) == no_offset;
    if (view.halted || view.done) continue;
    unchecked_ = unchecked_ || !view.checked;
    limit_ = std::min(limit_, view.last);
    if (first == nullptr || view.folded.next < first->folded.next) first = &view;
  }
  if (first != nullptr) {
    boundary_ = first->folded.next;
    judged_ = first->folded.judged;
  }
  reader_ = commit_reader(judged_);
  versions_ = stream_versions(boundary_ == offset_t{0});
  seen_ = boundary_;
  for (const auto& view : views_) {
    if (view.checked || view.halted || view.done) continue;
    seen_ = std::min(seen_, witness(view));
  }
  return seen_;
}

void partition_fold::check_end(offset_t end) {
  for (auto& view : views_) {
    if (view.halted || view.folded.next <= end || planted(defect::log_not_recognised)) continue;
    halt(view, fmt::format("the log was cut or recreated: {} was folded, but {}/{} ends at offset {}",
                           place(view.folded.next - 1), at_.topic, at_.partition, raw(end)));
  }
}

result<void> partition_fold::take(const record& next, store_batch& into) {
  if (next.offset != seen_) {
    halt(boundary_, fmt::format("the log gave {} where {} was due", place(next.offset), place(seen_)));
    return {};
  }
  seen_ = foldlog::next(next.offset);
  if (next.offset > limit_) pass_limits(next.offset);
  if (unchecked_) check_identity(next);
  if (next.offset < boundary_) return {};

  const auto [verdict, commit] = reader_.feed(next);
  if (verdict == verdict::damaged) {
    halt(next.offset,
         fmt::format("damaged: the record at {} is in sequence but does not continue its commit", place(next.offset)));
    return {};
  }
  if (planted(defect::void_records_folded) && verdict == verdict::ignored && next.kind == record_kind::event) {
    if (auto taken = take_commit({&next, 1}, into); !taken) return taken;
  }
  if (!commit.empty()) {
    const auto taken = take_commit(commit, into);
    if (!taken) return taken;
  }
  if (reader_.now().open_count != 0) return {};
  boundary_ = seen_;
  judged_ = reader_.now();
  if (verdict == verdict::claim || raw(next.offset) - raw(last_mark_) >= mark_distance) {
    marks_.emplace_back(next.offset, view_layout::encode_mark(judged_));
    last_mark_ = next.offset;
  }
  return {};
}

// Views whose limit lies before this record stay where they are.
void partition_fold::pass_limits(offset_t offset) {
  limit_ = offset_t{INT64_MAX};
  for (auto& view : views_) {
    if (view.halted || view.done) continue;
    if (view.last < offset) {
      sync(view);
      view.done = true;
    } else {
      limit_ = std::min(limit_, view.last);
    }
  }
}

// A checkpoint names the last event that it saw, or else the claim that was in force: it must still stand there, and
// the records behind it must lead to the arbiter's state that the checkpoint remembers.
void partition_fold::check_identity(const record& next) {
  unchecked_ = false;
  for (auto& view : views_) {
    if (view.checked || view.halted || view.done) continue;
    const auto& folded = view.folded;
    unchecked_ = true;
    if (next.offset < witness(view)) continue;
    bool same = true;
    if (next.offset > witness(view)) {
      std::ignore = view.check.judge(next);
    } else if (next.offset == folded.last_event) {
      same =
          next.kind == record_kind::event && fmt::format("{}/{}", next.key, raw(next.version)) == folded.last_event_id;
      view.check = arbiter({.epoch = next.epoch, .next_sequence = next.epoch_sequence + 1});
    } else {
      same = next.kind == record_kind::claim;
      std::ignore = view.check.judge(next);
    }
    const bool arrived = foldlog::next(next.offset) == folded.next;
    const bool recognised = same && (!arrived || view.check.now() == folded.judged);
    if (!recognised && !planted(defect::log_not_recognised)) {
      halt(view, fmt::format("the log was cut or recreated: the record at {} is not the one that was folded",
                             place(next.offset)));
    }
    view.checked = arrived;
  }
}

offset_t partition_fold::witness(const view_state& view) {
  return view.folded.last_event != no_offset ? view.folded.last_event : view.folded.judged.epoch.offset;
}

bool partition_fold::wants(const view_state& view, offset_t offset) const {
  return view.checked && !view.halted && !view.done && offset >= view.folded.next;
}

result<void> partition_fold::take_commit(std::span<const record> commit, store_batch& into) {
  if (commit.front().kind != record_kind::event) return {};
  const auto end = commit.back().offset;
  const bool wanted = std::ranges::any_of(views_, [&](const auto& view) { return wants(view, end); });
  if (wanted) {
    const auto checked = check_versions(commit);
    if (!checked) return checked;
  }
  for (const auto& event : commit) versions_.set(event.key, event.version);

  const bool decoded =
      std::ranges::any_of(views_, [&](const auto& view) { return view.what != nullptr && wants(view, end); }) &&
      decode(commit);
  for (auto& view : views_) {
    if (!wants(view, end)) continue;
    if (view.what == nullptr) {
      add_to_stream_table(view, commit, into);
    } else if (decoded) {
      const auto folded = fold(view, commit);
      if (!folded) return folded;
    }
  }
  const auto& event = commit.back();
  last_event_.offset = event.offset;
  last_event_.id.assign(event.key);
  last_event_.version = event.version;
  last_event_.time_us = event.time.time_since_epoch().count();
  unsaved_events_ += commit.size();
  return {};
}

result<void> partition_fold::check_versions(std::span<const record> commit) {
  auto before = commit.front().version + std::uint64_t(-1);
  for (const auto& event : commit) {
    bool good = event.kind == record_kind::event && event.key == commit.front().key && event.version == before + 1;
    if (good && &event == &commit.front()) {
      const auto continues = continues_its_stream(event);
      if (!continues) return std::unexpected(continues.error());
      good = *continues;
    }
    before = event.version;
    if (good) continue;
    halt(event.offset, fmt::format("damaged: the event {}/{} at {} is not the next one of its stream", event.key,
                                   raw(event.version), place(event.offset)));
    return {};
  }
  return {};
}

// Where the stream's last version is not in memory the stream table knows it: it holds the one before and not this one.
result<bool> partition_fold::continues_its_stream(const record& event) {
  if (event.version == version_t{0}) return false;
  if (const auto last = versions_.find(event.key)) return event.version == *last + 1;
  const bool answers = stream_table_ != nullptr && wants(*stream_table_, event.offset) &&
                       unsaved_events_ < stream_versions::generation_max;
  if (!answers) return true;
  const auto again = stored(event, event.version);
  if (!again) return again;
  if (*again) return false;
  return event.version == version_t{1} ? result<bool>(true) : stored(event, event.version + std::uint64_t(-1));
}

result<bool> partition_fold::stored(const record& event, version_t version) const {
  const auto found = store_->get(view_layout::stream_key(domain_, category_, event.key, version));
  if (!found) return std::unexpected(found.error());
  return found->has_value();
}

// False, and the views are halted, when an event cannot be decoded.
bool partition_fold::decode(std::span<const record> commit) {
  events_->clear();
  for (const auto& event : commit) {
    auto data = parser_.parse(event.value);
    auto added = data ? events_->add(event.type, *data) : std::unexpected(data.error());
    if (added) continue;
    for (auto& view : views_) {
      if (view.what == nullptr || !wants(view, commit.back().offset)) continue;
      halt(view,
           fmt::format("the event {} at {} cannot be read: {}", event.type, place(event.offset), added.error().text));
    }
    return false;
  }
  return true;
}

result<void> partition_fold::fold(view_state& view, std::span<const record> commit) {
  view.rows->begin_commit();
  const record* now = nullptr;
  try {
    for (std::size_t i = 0; i < commit.size(); ++i) {
      now = &commit[i];
      view.rows->fold(*events_, i,
                      {.id = now->key,
                       .version = now->version,
                       .time = now->time,
                       .command_id = now->command_id,
                       .correlation_id = now->correlation_id,
                       .topic = at_.topic,
                       .partition = at_.partition,
                       .offset = now->offset});
    }
    view.folded.events += commit.size();
  } catch (const store_failure& failure) {
    return std::unexpected(failure.why());
  } catch (const std::exception& thrown) {
    view.rows->undo_commit();
    halt(view, fmt::format("the projection {} threw at {} ({}/{}, {}): {}", view.view, place(now->offset), now->key,
                           raw(now->version), now->type, thrown.what()));
  }
  return {};
}

void partition_fold::add_to_stream_table(view_state& view, std::span<const record> commit, store_batch& into) {
  view_layout::stream_entry entry;
  for (const auto& event : commit) {
    entry.offset = event.offset;
    entry.record.clear();
    if (options_.store_records) encode_record(entry.record, event);
    into.put(view_layout::stream_key(domain_, category_, event.key, event.version), entry.encode());
  }
  view.folded.events += commit.size();
}

// Brings the view's checkpoint to where the partition has come.
void partition_fold::sync(view_state& view) {
  if (view.halted || view.done || boundary_ <= view.folded.next) return;
  if (last_event_.offset >= view.folded.next) {
    view.folded.last_event = last_event_.offset;
    view.folded.last_event_id = fmt::format("{}/{}", last_event_.id, raw(last_event_.version));
    view.folded.last_event_time_us = last_event_.time_us;
  }
  view.folded.next = boundary_;
  view.folded.judged = judged_;
}

void partition_fold::write(store_batch& into) {
  for (auto& view : views_) {
    sync(view);
    if (view.folded.next == view.saved_next) continue;
    if (view.rows) write_rows(*view.rows, into);
  }
  if (!planted(defect::checkpoint_outside_batch)) write_checkpoints(into);
  for (const auto& [offset, state] : marks_) into.put(view_layout::mark_key(at_, offset), state);
}

void partition_fold::write_checkpoints(store_batch& into) const {
  for (const auto& view : views_) {
    if (view.folded.next == view.saved_next) continue;
    auto point = view.folded;
    if (planted(defect::checkpoint_one_early)) point.next = point.next - 1;
    if (planted(defect::checkpoint_one_late)) point.next = point.next + 1;
    into.put(view_layout::checkpoint_key(domain_, view.view, at_), point.encode());
  }
}

void partition_fold::written() {
  for (auto& view : views_) {
    if (view.folded.next == view.saved_next) continue;
    if (view.rows) view.rows->written();
    view.saved_next = view.folded.next;
    view.present = true;
  }
  marks_.clear();
  unsaved_events_ = 0;
}

void partition_fold::halt(offset_t at, std::string_view why) {
  for (auto& view : views_) {
    if (!view.halted && !view.done && view.folded.next <= at) halt(view, std::string(why));
  }
}

void partition_fold::halt(view_state& view, std::string reason) {
  sync(view);
  view.halted = true;
  view.reason = std::move(reason);
}

bool partition_fold::idle() const {
  return std::ranges::all_of(views_, [](const auto& view) { return view.halted || view.done; });
}

std::size_t partition_fold::dirty_bytes() const {
  std::size_t bytes = 0;
  for (const auto& view : views_) bytes += view.rows ? view.rows->dirty_bytes() : 0;
  return bytes;
}

std::string partition_fold::place(offset_t offset) const {
  return fmt::format("{}/{}@{}", at_.topic, at_.partition, raw(offset));
}

}  // namespace foldlog
