#include "query/page.h"

#include <fmt/format.h>

#include "core/base/planted.h"
#include "core/http/problem.h"
#include "core/store/view_layout.h"

namespace foldlog::query {
namespace {

// Walks the entries of a range in the query's order.
class range_walk {
 public:
  range_walk(const store_snapshot& snapshot, std::string prefix, const list_query& query)
      : prefix_(std::move(prefix)), query_(query), at_(snapshot.iterate(prefix_)) {
    if (!query_.descending) {
      at_->seek(prefix_ + query_.range.lower);
      return;
    }
    // No key goes on with the byte ff behind its table's prefix, so that is behind the table's last.
    const auto end = prefix_ + query_.range.upper.value_or("\xff");
    at_->seek_for_prev(end);
    if (at_->valid() && at_->key() == end) at_->prev();
  }

  [[nodiscard]] bool valid() const { return at_->valid() && query_.range.contains(suffix()); }
  [[nodiscard]] std::string_view suffix() const { return at_->key().substr(prefix_.size()); }
  [[nodiscard]] std::string_view value() const { return at_->value(); }
  [[nodiscard]] result<void> status() const { return at_->status(); }
  void step() { query_.descending ? at_->prev() : at_->next(); }

 private:
  std::string prefix_;
  const list_query& query_;
  std::unique_ptr<store_iterator> at_;
};

result<page::entry> rendered(std::string key, std::string_view stored) {
  auto row = view_layout::render_row(stored);
  if (row.empty()) return fail(error_kind::damaged, "the stored form of a row does not parse");
  return page::entry{std::move(key), std::move(row)};
}

// The row that an index entry names.
result<page::entry> follow(const store_snapshot& snapshot, std::string_view domain, std::string_view view,
                           std::string_view suffix) {
  auto entry = view_layout::split_index_entry(suffix);
  if (!entry) return fail(error_kind::damaged, fmt::format("an index entry of {}/{} does not parse", domain, view));
  const auto stored = snapshot.get(view_layout::row_key(domain, view, entry->second));
  if (!stored) return std::unexpected(stored.error());
  if (!*stored)
    return fail(error_kind::damaged, fmt::format("an index of {}/{} names a row that is not there", domain, view));
  return rendered(std::move(entry->second), **stored);
}

}  // namespace

result<page> read_page(const store_snapshot& snapshot, std::string_view domain, std::string_view view,
                       const list_query& query) {
  const bool by_key = query.index == nullptr;
  range_walk walk(
      snapshot,
      by_key ? view_layout::row_prefix(domain, view) : view_layout::index_prefix(domain, view, query.index->name),
      query);
  page read;
  std::string last;
  for (; walk.valid(); walk.step()) {
    if (read.rows.size() == query.limit) {
      read.last = planted(defect::cursor_off_by_one) ? std::string(walk.suffix()) : std::move(last);
      break;
    }
    last = walk.suffix();
    auto entry = by_key ? rendered(last, walk.value()) : follow(snapshot, domain, view, last);
    if (!entry) return std::unexpected(entry.error());
    read.rows.push_back(std::move(*entry));
  }
  if (auto sound = walk.status(); !sound) return std::unexpected(sound.error());
  return read;
}

std::string render_page(const page& of, std::string_view cursor) {
  std::string body = R"({"rows":[)";
  for (const auto& entry : of.rows) {
    if (body.back() != '[') body += ',';
    body += R"({"key":)";
    http::append_json_string(body, entry.key);
    body += R"(,"row":)";
    body += entry.row;
    body += '}';
  }
  body += R"(],"next":)";
  if (cursor.empty()) {
    body += "null";
  } else {
    http::append_json_string(body, cursor);
  }
  body += '}';
  return body;
}

}  // namespace foldlog::query
