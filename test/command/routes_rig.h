#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command/command_routes.h"
#include "schemas/bank/schemas.h"
#include "service_rig.h"

namespace foldlog::test {

struct sent_header {
  std::string name;
  std::string value;
};
using sent_headers = std::vector<sent_header>;

/// A node's command routes over a memory log with one partition; a request goes in, its whole answer comes out.
class routes_rig {
 public:
  explicit routes_rig(bool shared = false);

  /// POST with Content-Type application/json unless the headers have one (`Content-Type: ""`: none).
  http::response post(std::string_view target, std::string_view body, sent_headers headers = {});
  http::response batch(std::string_view lines, sent_headers headers = {});
  /// Another node on the same log, with the rows or without them.
  void restart(bool keep_rows);
  /// Record `offset` of the partition.
  [[nodiscard]] record_batch record_at(std::int64_t offset);
  [[nodiscard]] std::int64_t end() { return raw(node_->log.end_offset({0, 0}).value()); }
  memory_log& log() { return node_->log; }
  boost::asio::io_context& context() { return context_; }
  command_context_of_routes& routes() { return *routes_; }

 private:
  void open(std::shared_ptr<store> rows);

  bool shared_;
  boost::asio::io_context context_;
  storage_pointer storage_ = make_bank_storage(1);
  schema_registry schemas_;
  std::unique_ptr<command_node> node_;
  std::unique_ptr<command_context_of_routes> routes_;
  std::unique_ptr<http::router> router_;
};

/// The value of a header line in the answer's fields.
[[nodiscard]] std::optional<std::string> field(const http::response& of, std::string_view name);
/// `malformed-request` of a problem's type, empty when the body is no problem.
[[nodiscard]] std::string kind_of(std::string_view body);
[[nodiscard]] std::vector<std::string> lines_of(std::string_view body);

}  // namespace foldlog::test
