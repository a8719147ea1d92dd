#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/log/node_board.h"
#include "core/log/partition_group.h"

namespace foldlog {

/// The memory twins of what nodes share besides their log: a board and a group for several nodes of one process, on one
/// executor.
class memory_cluster : public std::enable_shared_from_this<memory_cluster> {
 public:
  memory_cluster(std::vector<partition_id> partitions, boost::asio::any_io_executor executor)
      : partitions_(std::move(partitions)), executor_(std::move(executor)) {}

  [[nodiscard]] std::unique_ptr<node_board> open_board();
  [[nodiscard]] std::unique_ptr<partition_group> open_group();
  /// Puts a note up as a node would that is none of this process.
  void post(std::string key, std::string text);
  /// The group takes everything from its members without asking, as from one that was paused, and shares it out anew.
  void lose_all();

 private:
  friend class memory_board;
  friend class memory_group;

  void share_out();

  std::vector<partition_id> partitions_;
  boost::asio::any_io_executor executor_;
  std::vector<std::pair<std::string, std::string>> notes_;
  std::vector<class memory_board*> boards_;
  std::vector<class memory_group*> members_;
  std::map<partition_id, class memory_group*> holders_;
};

}  // namespace foldlog
