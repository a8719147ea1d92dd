#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command/category.h"
#include "core/base/clock.h"
#include "core/base/position.h"

namespace foldlog {

namespace http {
struct response;
}

/// How a command ended. The HTTP side turns it into a status.
enum class outcome_kind : std::uint8_t {
  applied,           ///< its events are in the folded log, whole and once
  unchanged,         ///< the domain had nothing to do
  refused,           ///< the domain said no
  version_mismatch,  ///< the stream is at another version than the condition demands
  id_reused,         ///< the command id stands for another command, data or condition
  overloaded,        ///< a queue is full: certainly not applied
  not_ready,         ///< this node does not own the partition at present: certainly not applied
  log_unavailable,   ///< the log takes no appends: certainly not applied
  unknown,           ///< it may have been applied, or may still be: a repeat with the same id is safe
  internal,          ///< a defect of ours
  relayed,           ///< the node that owns the partition has answered
};

struct outcome_event {
  std::string type;
  std::string data;
  offset_t offset = no_offset;
};

struct command_outcome {
  outcome_kind kind = outcome_kind::internal;
  version_t version{0};                    ///< after the command; for refused and version_mismatch: the stream's own
  std::vector<outcome_event> events = {};  ///< their versions end at `version`
  offset_t last_event = no_offset;         ///< of the stream: the token; unchanged: that of its last event
  foldlog::refusal refusal = {};           ///< refused
  bool replayed = false;                   ///< the first outcome of an earlier attempt, told again
  std::string detail = {};                 ///< for the others: a sentence
  std::shared_ptr<http::response> answer = {};  ///< relayed: what it said
};

/// What a client wants, checked up to its schema.
struct command_request {
  std::string stream_id;
  std::string name;
  std::string data;  ///< JSON that passed the schema
  std::string command_id;
  std::uint64_t hash = 0;                         ///< command_hash()
  std::optional<std::uint64_t> expected_version;  ///< 0: the stream must not exist
  bool fresh_id = false;                          ///< the id was made for this command: nobody can have used it before
  std::string correlation_id;
  std::string traceparent;
  std::chrono::nanoseconds deadline{};  ///< on the monotonic clock; 0: the service sets it
};

using answer_handler = std::move_only_function<void(const command_request&, command_outcome)>;

/// A command on its way through an owner.
struct command : command_request {
  answer_handler done;        ///< called once; empty afterwards
  std::uint64_t arrival = 0;  ///< set by the owner: the order of arrival
  bool was_in_doubt = false;  ///< an append of it ended unknown once: it is never told a plain 503 afterwards
};

}  // namespace foldlog
