#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>

#include "core/store/store.h"

namespace foldlog {

/// Writes batches to a store, in their order, so that the partitions' strand never waits for a disk.
class store_writer {
 public:
  using handler = std::move_only_function<void(result<void>)>;

  virtual ~store_writer() = default;
  /// `done` is called on the executor once the batch is written.
  virtual void write(std::unique_ptr<store_batch> batch, handler done) = 0;
  /// Writes what waits; handlers of those writes may still come afterwards.
  virtual void stop() = 0;
};

/// One with a thread of its own.
[[nodiscard]] std::unique_ptr<store_writer> make_store_writer(store& to, boost::asio::any_io_executor answers_on);

}  // namespace foldlog
