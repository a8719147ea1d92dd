#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/planted.h"

namespace foldlog::test {

constexpr std::array<std::string_view, 2> stream_names{"s", "t"};

/// What a client wants; its id is `c<place in the scope, from 1>`.
struct wanted_command {
  std::size_t stream = 0;  ///< of stream_names
  int adds = 0;            ///< events of one each ...
  int takes = 0;           ///< ... or an amount to take: refused when less is there
  bool fresh = false;      ///< its id was made by the server: no client repeats it
  int expects = -1;        ///< the version that the stream must be at; -1: any
};

/// What may happen besides the good course, as bits.
enum fault : std::uint32_t {
  fault_unknown = 1,     ///< an append ends unknown: landed, to land later, or never
  fault_refused = 2,     ///< an append ends refused
  fault_odd = 4,         ///< an append that landed is reported at offset -1
  fault_torn = 8,        ///< of an append of several records a beginning or an end lands first; the rest later or never
  fault_twice = 16,      ///< an append lands a second time
  fault_overtaken = 32,  ///< an append lands before an earlier one of its node, which then ends unknown
  fault_expired = 64,    ///< time passes at a node until every command there is past its deadline
  fault_late_check = 128,  ///< an owner that checks an odd acknowledgement runs out of time
  fault_store = 256,       ///< a batch for the store is not written; only where saves are late
  fault_too_large = 512,   ///< an append of events ends refused as too large
  fault_all = 1023,
};

/// How far the exploration goes.
struct scope {
  std::string name;
  int nodes = 2;
  std::vector<wanted_command> commands;
  int offers = 2;    ///< beginnings of ownership: offers and returns of deposed owners
  int faults = 1;    ///< how many of the kinds below, all in all
  int crashes = 0;   ///< with restart; the store keeps any prefix of what was written
  int releases = 0;  ///< the group takes the partition back from a node: soon, or because another has it already
  int follows = 0;   ///< a node that has nothing to own begins to stand by
  int repeats = 0;   ///< a client sends a command again under its id, to any node, at any time
  std::uint32_t kinds = fault_all;
  std::size_t in_flight = 2;       ///< owner_options::in_flight_appends
  bool batches = false;            ///< commands may gather before they are handed to the log
  bool recorded_refusals = false;  ///< the domain says record_refusals
  bool cold_streams = false;       ///< no stream stays in memory that the store has
  bool paced_proofs = false;       ///< the next proof has to wait for a while
  bool slow_reads = false;         ///< a read may hand over one record only; else it hands over all there are
  bool late_saves = false;         ///< the store takes its time; else what is saved is written at once
  int depth = 1000;
  bool recovery = true;  ///< from every state a fair course to the end
};

/// A rule taken out, and the scope in which that shows.
struct rule {
  defect without;
  scope in;
};

[[nodiscard]] std::vector<scope> default_scopes();
[[nodiscard]] std::vector<rule> rules();
[[nodiscard]] std::string text(const scope& of);

}  // namespace foldlog::test
