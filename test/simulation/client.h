#pragma once

#include <cstdint>
#include <string>

#include "test/simulation/cluster.h"

namespace foldlog::test {

/// What all clients of a run are about.
struct client_world {
  world& in;
  cluster& nodes;
  [[nodiscard]] std::string account(chance& luck) const { return "a" + std::to_string(luck.below(in.how.accounts)); }
};

/// Posts commands, one after the other, each until its answer is certain; now and then sends an old one again, or
/// another one under an old id.
class writer_client {
 public:
  writer_client(client_world& of, std::string name);

  /// Begins, or goes on, with new commands.
  void start();
  /// No new ones.
  void stop() { stopped_ = true; }
  [[nodiscard]] bool busy() const { return now_ != nullptr; }
  /// Sends this one until its answer is certain.
  void insist_on(wanted_command& old);

 private:
  void think();
  void choose();
  [[nodiscard]] action invent(chance& luck);
  [[nodiscard]] wanted_command& make_new();
  [[nodiscard]] wanted_command& choose_old();
  void send();
  void meet(std::size_t number, std::optional<reply> got, std::uint64_t sent);

  client_world& of_;
  chance luck_;
  std::string name_;
  std::uint64_t made_ = 0;
  std::uint64_t sent_ = 0;
  wanted_command* now_ = nullptr;
  std::size_t to_ = 0;
  bool stopped_ = true;
};

}  // namespace foldlog::test
