#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "core/base/result.h"
#include "core/log/log_options.h"
#include "core/log/node_board.h"
#include "core/log/partition_group.h"

namespace foldlog {

/// What the nodes of a shared log have besides it.
struct cluster_parts {
  std::unique_ptr<node_board> board;       ///< none: nobody else can use this log
  std::unique_ptr<partition_group> group;  ///< likewise
};

constexpr std::string_view board_topic = "foldlog.nodes";

/// `group`: the name of the consumer group. Errors: invalid, conflict (a setting of the board's topic), unavailable.
[[nodiscard]] result<cluster_parts> open_cluster(const log_options& options, const std::string& group,
                                                 const boost::asio::any_io_executor& executor);

}  // namespace foldlog
