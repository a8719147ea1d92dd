#include "test/query/fixture.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>

#include "core/log/record_codec.h"

namespace foldlog::test {
namespace {

using namespace view_layout;

class version_list final : public query::state_fold {
 public:
  result<void> apply(const query::event_view& event) override {
    if (event.data.contains("unreadable")) return fail(error_kind::damaged, "unreadable");
    versions_ += fmt::format("{}{}", versions_.empty() ? "" : ",", raw(event.version));
    return {};
  }
  [[nodiscard]] std::string json() const override { return fmt::format(R"({{"folded":[{}]}})", versions_); }

 private:
  std::string versions_;
};

query::read_model make_model() {
  query::domain_model bank{.name = "bank", .views = {}, .categories = {}};
  bank.views.push_back(
      {"accounts", {"bank.account"}, {{"owner", query::index_kind::text}, {"balance", query::index_kind::integer}}});
  bank.views.push_back({"owners", {"bank.account"}, {}});
  bank.categories.push_back({"account",
                             {"bank.AccountCreated.v1", "bank.DepositMade.v1", "bank.OverdraftEnded.v1"},
                             [] { return std::make_unique<version_list>(); }});
  query::domain_model trade{.name = "trade", .views = {}, .categories = {}};
  trade.categories.push_back({"order", {"trade.OrderPlaced.v1"}, [] { return std::make_unique<version_list>(); }});
  return {{bank, trade}};
}

}  // namespace

foldlog::alarm hand_alarm::make() {
  return [this](std::chrono::nanoseconds after, std::function<void()> then) -> std::shared_ptr<void> {
    auto wanted = std::make_shared<int>();
    bells_.push_back({now_ + std::chrono::ceil<std::chrono::milliseconds>(after), std::move(then), wanted});
    return wanted;
  };
}

void hand_alarm::advance(std::chrono::milliseconds by) {
  now_ += by;
  for (auto& each : std::exchange(bells_, {})) {
    if (each.wanted.expired()) continue;
    if (each.at <= now_) {
      each.then();
    } else {
      bells_.push_back(std::move(each));
    }
  }
}

std::size_t hand_alarm::waiting() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(bells_, [](const bell& each) { return !each.wanted.expired(); }));
}

void fake_stream::write(std::string piece) {
  if (holds_back) untaken += piece.size();
  text += piece;
}

std::vector<sent_event> parse_events(std::string_view text) {
  std::vector<sent_event> events;
  sent_event next;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() + 1);
    if (line.starts_with("id: ")) next.id = line.substr(4);
    if (line.starts_with("event: ")) next.type = line.substr(7);
    if (line.starts_with("data: ")) next.data = line.substr(6);
    if (line.empty() && !next.data.empty()) events.push_back(std::exchange(next, {}));
  }
  return events;
}

std::optional<std::string> answer::header(std::string_view name) const {
  const auto begin = response.fields.find(std::string(name) + ": ");
  if (begin == std::string::npos) return std::nullopt;
  const auto value = begin + name.size() + 2;
  return response.fields.substr(value, response.fields.find("\r\n", value) - value);
}

std::string answer::problem() const {
  constexpr std::string_view start = R"({"type":"/problems/)";
  if (!response.body.starts_with(start)) return {};
  return response.body.substr(start.size(), response.body.find('"', start.size()) - start.size());
}

fixture::fixture(std::int32_t partitions, bool entries_hold_records, const std::uint64_t* store_generation)
    : log({"bank.account", "trade.order"}, partitions, context.get_executor()),
      script(log),
      entries_hold_records_(entries_hold_records) {
  for (std::int32_t partition = 0; partition < partitions; ++partition) {
    const topic_partition at{"bank.account", partition};
    folded_.push_back({{}, offset_t{0}, progress.add("bank", stream_view, at), progress.add("bank", "accounts", at)});
  }
  std::function<std::uint64_t()> generation;
  if (store_generation != nullptr) generation = [store_generation] { return *store_generation; };
  query::add_query_routes(router_, {.model = std::make_shared<const query::read_model>(make_model()),
                                    .views = rows.get(),
                                    .log = &log,
                                    .progress = &progress,
                                    .executor = context.get_executor(),
                                    .store_generation = std::move(generation),
                                    .alarm = alarm.make()});
}

fixture::~fixture() {
  for (const auto& weak : streams_) {
    const auto stream = weak.lock();
    if (stream && stream->closed) stream->closed();
  }
  run();
}

std::shared_ptr<fake_stream> fixture::listen(const answer& to, bool holds_back) {
  auto stream = std::make_shared<fake_stream>();
  stream->holds_back = holds_back;
  streams_.push_back(stream);
  to.response.stream(stream);
  run();
  return stream;
}

void fixture::run() {
  context.restart();
  context.run();
}

std::shared_ptr<std::optional<answer>> fixture::send(std::string_view target, const headers& fields,
                                                     http::method method) {
  const auto mark = target.find('?');
  std::vector<http::header_field> sent;
  for (const auto& [name, value] : fields) sent.push_back({name, value});
  http::request request;
  request.method = method;
  request.method_text = http::name(method);
  request.path = target.substr(0, mark);
  request.query = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  request.headers = sent;
  auto got = std::make_shared<std::optional<answer>>();
  router_.handle(request, [got](http::response response) {
    REQUIRE(!got->has_value());
    got->emplace(answer{std::move(response)});
  });
  return got;
}

answer fixture::ask(std::string_view target, const headers& fields, http::method method) {
  const auto got = send(target, fields, method);
  run();
  REQUIRE(got->has_value());
  return std::move(**got);
}

void fixture::put_row(const std::string& key, const std::string& owner, std::int64_t balance) {
  erase_row(key);
  const auto batch = rows->make_batch();
  batch->put(row_key("bank", "accounts", key),
             json_row(fmt::format(R"({{"owner":"{}","balance":{}}})", owner, balance)));
  batch->put(index_key("bank", "accounts", "owner", owner, key), "");
  batch->put(index_key("bank", "accounts", "balance", balance, key), "");
  REQUIRE(rows->write(*batch));
  indexed_[key] = {owner, balance};
}

void fixture::erase_row(const std::string& key) {
  const auto found = indexed_.find(key);
  if (found == indexed_.end()) return;
  const auto batch = rows->make_batch();
  batch->erase(row_key("bank", "accounts", key));
  batch->erase(index_key("bank", "accounts", "owner", found->second.first, key));
  batch->erase(index_key("bank", "accounts", "balance", found->second.second, key));
  REQUIRE(rows->write(*batch));
  indexed_.erase(found);
}

void fixture::reach(std::int32_t partition, std::int64_t offset) {
  const auto batch = rows->make_batch();
  checkpoint point;
  point.next = offset_t{offset + 1};
  batch->put(checkpoint_key("bank", "accounts", {"bank.account", partition}), point.encode());
  REQUIRE(rows->write(*batch));
  progress.update(folded_[static_cast<std::size_t>(partition)].accounts,
                  [&](foldlog::progress::entry& entry) { entry.folded = offset_t{offset}; });
}

void fixture::fold(std::size_t mark_every) {
  for (std::int32_t partition = 0; partition < log.partitions(); ++partition) fold_partition(partition, mark_every);
}

void fixture::fold_partition(std::int32_t partition, std::size_t mark_every) {
  auto& state = folded_[static_cast<std::size_t>(partition)];
  const topic_partition at{"bank.account", partition};
  const auto reader = log.open_reader({{{0, partition}, state.next}}, [] {});
  const auto batch = rows->make_batch();
  for (record_batch read;;) {
    REQUIRE(reader->read(read, {}));
    if (read.items.empty()) break;
    for (const auto& item : read.items) {
      for (const auto& event : state.commits.feed(item.record).commit) {
        if (event.kind != record_kind::event) continue;
        stream_entry entry{event.offset, {}};
        if (entries_hold_records_) encode_record(entry.record, event);
        batch->put(stream_key("bank", "account", event.key, event.version), entry.encode());
      }
      state.next = next(item.record.offset);
      const bool mark =
          static_cast<std::size_t>(raw(state.next)) % mark_every == 0 && state.commits.now().open_count == 0;
      if (mark) batch->put(mark_key(at, item.record.offset), encode_mark(state.commits.now()));
    }
  }
  checkpoint point;
  point.next = state.next;
  if (raw(point.next) > 0) {
    batch->put(checkpoint_key("bank", stream_view, at), point.encode());
    batch->put(checkpoint_key("bank", "accounts", at), point.encode());
  }
  REQUIRE(rows->write(*batch));
  for (const auto handle : {state.streams, state.accounts}) {
    progress.update(handle, [&](foldlog::progress::entry& entry) { entry.folded = state.next - 1; });
  }
}

}  // namespace foldlog::test
