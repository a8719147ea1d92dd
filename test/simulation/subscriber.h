#pragma once

#include <memory>
#include <set>
#include <string>

#include "core/base/position.h"
#include "test/simulation/client.h"
#include "test/simulation/sim_stream.h"

namespace foldlog::test {

/// Follows the events of all accounts, on whichever node, for ever: when its stream ends it goes on behind the last
/// event that it has whole. Demands every accepted event once, in order, to the letter (I8).
class subscriber_client {
 public:
  subscriber_client(client_world& of, std::string name);
  ~subscriber_client();
  subscriber_client(const subscriber_client&) = delete;
  subscriber_client& operator=(const subscriber_client&) = delete;

  void start() { connect_soon(); }
  /// It has everything that was accepted.
  [[nodiscard]] bool complete() const;
  [[nodiscard]] std::uint64_t delivered() const { return delivered_; }
  [[nodiscard]] std::uint64_t resumes() const { return resumes_; }

 private:
  void connect_soon();
  void connect();
  void open(const reply& got);
  void take(const std::string& piece);
  void take_event(std::string_view text);
  void lose();
  [[nodiscard]] const record* next_due(std::size_t partition);

  client_world& of_;
  chance luck_;
  std::string name_;
  std::set<std::string, std::less<>> types_;  ///< empty: all
  token delivered_to_;                        ///< what the last whole event's id says
  std::vector<std::size_t> next_;             ///< by partition, into the truth's events
  std::string held_;                          ///< of an event that is not whole
  std::shared_ptr<sim_stream> stream_;
  std::uint64_t connection_ = 0;
  std::uint64_t delivered_ = 0;
  std::uint64_t resumes_ = 0;
};

}  // namespace foldlog::test
