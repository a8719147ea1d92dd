#include "core/log/open_cluster.h"

#include "core/log/kafka_board.h"
#include "core/log/kafka_group.h"

namespace foldlog {

result<cluster_parts> open_cluster(const log_options& options, const std::string& group,
                                   const boost::asio::any_io_executor& executor) {
  cluster_parts parts;
  if (!options.location.starts_with("kafka:")) return parts;
  auto of_board = options;
  of_board.topics = {std::string(board_topic)};
  of_board.partitions = 1;
  auto board = kafka_board::make(of_board, executor);
  if (!board) return std::unexpected(board.error());
  parts.board = std::move(*board);
  auto joined = kafka_group::make(options, group, executor);
  if (!joined) return std::unexpected(joined.error());
  parts.group = std::move(*joined);
  return parts;
}

}  // namespace foldlog
