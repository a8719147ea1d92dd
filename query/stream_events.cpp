#include "query/stream_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <cassert>
#include <limits>
#include <optional>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/hash.h"
#include "core/log/record_codec.h"

namespace foldlog::query {
namespace {

using entries_t = std::vector<view_layout::stream_entry>;
using done_t = std::move_only_function<void(result<stream_events>)>;

// Neighbours in the log, from one entry to another.
struct run {
  std::size_t first = 0;
  std::size_t last = 0;
};

std::vector<run> runs_of(const entries_t& entries) {
  std::vector<run> runs;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!entries[i].record.empty()) continue;
    const bool neighbour =
        i > 0 && !runs.empty() && runs.back().last == i - 1 && entries[i].offset == next(entries[i - 1].offset);
    if (neighbour) {
      runs.back().last = i;
    } else {
      runs.push_back({i, i});
    }
  }
  return runs;
}

std::uint64_t version_in(std::string_view key) {
  return key.size() < 8 ? 0 : byte_reader(key.substr(key.size() - 8)).u64();
}

// What several fetches bring, from whichever threads they answer on; the last one hands it over.
struct gathering {
  stream_name stream;
  version_t from{0};
  entries_t entries;
  std::vector<run> runs;
  std::vector<std::optional<result<record_batch>>> fetched;
  std::atomic<std::size_t> missing{0};
  done_t done;
};

result<void> check_event(const gathering& all, std::size_t i, const record& event) {
  if (event.kind == record_kind::event && event.key == all.stream.id && event.version == all.from + i &&
      event.offset == all.entries[i].offset) {
    return {};
  }
  return fail(error_kind::damaged,
              fmt::format("offset {} of {} does not hold version {} of the stream that the stream table names",
                          raw(all.entries[i].offset), all.stream.topic(), raw(all.from + i)));
}

// The records of a run out of what was fetched for it.
result<void> place_run(gathering& all, std::size_t number, stream_events& loaded) {
  auto& fetched = *all.fetched[number];
  const auto [first, last] = all.runs[number];
  if (!fetched) return std::unexpected(fetched.error());
  if (fetched->items.size() != last - first + 1) {
    return fail(error_kind::damaged,
                fmt::format("the log gave {} records for {}", fetched->items.size(), last - first + 1));
  }
  for (std::size_t i = first; i <= last; ++i) loaded.events[i] = fetched->items[i - first].record;
  loaded.owners.push_back(std::move(*fetched));
  return {};
}

result<stream_events> assemble(gathering& all) {
  stream_events loaded;
  loaded.events.resize(all.entries.size());
  for (std::size_t number = 0; number < all.runs.size(); ++number) {
    if (auto placed = place_run(all, number, loaded); !placed) return std::unexpected(placed.error());
  }
  auto& held = loaded.owners.emplace_back().storage;
  for (std::size_t i = 0; i < all.entries.size(); ++i) {
    if (all.entries[i].record.empty()) continue;
    auto decoded = decode_record(held.emplace_back(std::move(all.entries[i].record)), all.entries[i].offset);
    if (!decoded) return std::unexpected(decoded.error());
    loaded.events[i] = *decoded;
  }
  for (std::size_t i = 0; i < loaded.events.size(); ++i) {
    if (auto sound = check_event(all, i, loaded.events[i]); !sound) return std::unexpected(sound.error());
  }
  return loaded;
}

partition_id partition_of_stream(const event_log& log, const stream_name& stream) {
  const auto topic = std::ranges::find(log.topics(), stream.topic());
  assert(topic != log.topics().end() && "the read model names topics of the log");
  return {static_cast<std::uint32_t>(topic - log.topics().begin()), partition_of(stream.id, log.partitions())};
}

}  // namespace

result<version_t> newest_version(const store_snapshot& snapshot, const stream_name& stream) {
  const auto prefix = view_layout::stream_prefix(stream.domain, stream.category, stream.id);
  const auto at = snapshot.iterate(prefix);
  at->seek_for_prev(view_layout::stream_key(stream.domain, stream.category, stream.id,
                                            version_t{std::numeric_limits<std::uint64_t>::max()}));
  if (at->valid()) return version_t{version_in(at->key())};
  if (auto sound = at->status(); !sound) return std::unexpected(sound.error());
  return version_t{0};
}

result<std::vector<view_layout::stream_entry>> read_entries(const store_snapshot& snapshot, const stream_name& stream,
                                                            version_t from, std::size_t count) {
  const auto at = snapshot.iterate(view_layout::stream_prefix(stream.domain, stream.category, stream.id));
  entries_t entries;
  at->seek(view_layout::stream_key(stream.domain, stream.category, stream.id, from));
  for (; at->valid() && entries.size() < count; at->next()) {
    auto entry = view_layout::stream_entry::decode(at->value());
    if (!entry || version_in(at->key()) != raw(from + entries.size())) {
      return fail(error_kind::damaged, fmt::format("the stream table of {} misses version {} of a stream",
                                                   stream.topic(), raw(from + entries.size())));
    }
    entries.push_back(std::move(*entry));
  }
  if (auto sound = at->status(); !sound) return std::unexpected(sound.error());
  return entries;
}

void load_events(const query_context& context, const stream_name& stream, version_t from, entries_t entries,
                 done_t done) {
  auto all = std::make_shared<gathering>();
  all->stream = stream;
  all->from = from;
  all->entries = std::move(entries);
  all->runs = runs_of(all->entries);
  if (all->runs.empty()) return done(assemble(*all));
  all->done = std::move(done);
  all->fetched.resize(all->runs.size());
  all->missing = all->runs.size();
  const auto place = partition_of_stream(*context.log, stream);
  for (std::size_t number = 0; number < all->runs.size(); ++number) {
    const auto [first, last] = all->runs[number];
    context.log->fetch(place, all->entries[first].offset, all->entries[last].offset,
                       [all, number, executor = context.executor](result<record_batch> batch) {
                         all->fetched[number] = std::move(batch);
                         if (all->missing.fetch_sub(1) != 1) return;
                         boost::asio::post(executor, [all] { all->done(assemble(*all)); });
                       });
  }
}

}  // namespace foldlog::query
