#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace foldlog::bench {

/// A connected, non-delaying TCP socket to `host:port`; fails the benchmark when there is none.
int connect_to(const std::string& address);

struct http_answer {
  int status = 0;
  std::string head;
  std::string body;
};

/// One keep-alive connection that waits for each answer. For what is not measured, and for batches.
class http_connection {
 public:
  explicit http_connection(const std::string& address) : socket_(connect_to(address)) {}
  ~http_connection();
  http_connection(const http_connection&) = delete;
  http_connection& operator=(const http_connection&) = delete;

  http_answer get(std::string_view target);
  http_answer post(std::string_view target, std::string_view content_type, std::string_view body);
  /// Sends these bytes, which must be one whole request.
  http_answer send(std::string_view request);

 private:
  void read_more();

  int socket_;
  std::string buffer_;
};

/// The number after `"name":` in JSON text, from `from` on; moves `from` behind it. False when there is none.
bool next_integer(std::string_view json, std::string_view name, std::size_t& from, std::int64_t& value);

/// Waits until /admin/projections shows no lag; fails the benchmark after that many seconds.
void wait_for_projections(const std::string& admin, double seconds);

struct account_totals {
  std::int64_t accounts = 0;
  std::int64_t balance = 0;
  std::int64_t versions = 0;  ///< the sum of all versions: the number of events
};
/// Sums over all pages of the view `accounts`.
account_totals sum_accounts(const std::string& http);

}  // namespace foldlog::bench
