#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "command/bank/account.h"
#include "command/command_service.h"
#include "command/typed_category.h"
#include "core/log/memory_log.h"

namespace foldlog::test {

using storage_pointer = std::shared_ptr<memory_log::storage>;

inline storage_pointer make_bank_storage(std::int32_t partitions) {
  return memory_log::make_storage({"bank.account"}, partitions);
}

inline command_service_options quick_options() {
  using namespace std::chrono_literals;
  command_service_options options;
  options.owner.claim_retry = 2ms;
  options.owner.proof_interval = 100us;
  options.owner.deposed_pause = 4ms;
  options.owner.save_after = 1ms;
  options.command_timeout = 5s;
  return options;
}

/// One node: a log of its own over a storage that others may share, a store, a service.
struct command_node {
  command_node(boost::asio::io_context& context, storage_pointer records, std::shared_ptr<store> kept, bool shared,
               command_service_options options = quick_options())
      : rows(kept ? std::move(kept) : std::shared_ptr<store>(make_memory_store())),
        log(std::move(records), context.get_executor(), shared),
        service(log, *rows, context.get_executor(), time, system_random(), std::move(options)) {
    service.add(account);
  }
  ~command_node() {
    service.stop();
    log.close();
  }
  command_node(const command_node&) = delete;
  command_node& operator=(const command_node&) = delete;

  system_clock time;
  typed_category<bank::account> account{"bank"};
  std::shared_ptr<store> rows;
  memory_log log;
  command_service service;
};

/// The rows of a store as they are now, in a store of their own: what an older backup, or a crash, leaves.
inline std::shared_ptr<store> copy_of(const store& from) {
  std::shared_ptr<store> copy = make_memory_store();
  const auto batch = copy->make_batch();
  const auto snapshot = from.snapshot();
  const auto rows = snapshot->iterate("");
  for (rows->seek(""); rows->valid(); rows->next()) batch->put(rows->key(), rows->value());
  std::ignore = copy->write(*batch);
  return copy;
}

/// Runs until the condition holds; false when it does not within the time.
template <typename Condition>
bool run_until(boost::asio::io_context& context, Condition condition,
               std::chrono::seconds within = std::chrono::seconds(20)) {
  const auto end = std::chrono::steady_clock::now() + within;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    context.restart();
    context.run_one_for(std::chrono::milliseconds(20));
  }
  return true;
}

}  // namespace foldlog::test
