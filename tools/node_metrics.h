#pragma once

#include <prometheus/registry.h>

#include <memory>
#include <string>

#include "command/command_routes.h"
#include "core/log/log_options.h"
#include "core/runtime/progress.h"

namespace foldlog {

/// Every metric of a node: names and help text stand here and nowhere else. observe_* and render() on one
/// thread, the probe on any.
class node_metrics {
 public:
  node_metrics();
  ~node_metrics();

  void observe_command(const command_observation& seen);
  void observe_request(std::string_view route, int status, std::chrono::nanoseconds took);
  [[nodiscard]] log_probe probe();

  /// The Prometheus text, with gauges taken from what is handed in.
  [[nodiscard]] std::string render(const owner_counters& owners, const std::vector<progress::entry>& folds);

 private:
  struct families;
  prometheus::Registry registry_;
  std::unique_ptr<families> families_;
};

}  // namespace foldlog
