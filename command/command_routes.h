#pragma once

#include <memory>

#include "command/command_answer.h"
#include "command/command_head.h"
#include "command/command_service.h"
#include "core/cluster/forwarder.h"
#include "core/http/router.h"
#include "schemas/command_hash.h"
#include "schemas/registry.h"

namespace foldlog {

struct command_observation {
  std::string_view command;  ///< `Deposit`
  outcome_kind outcome;
  std::chrono::nanoseconds took;
};

/// What the command routes need. Outlives the router; used on one executor.
struct command_context_of_routes {
  command_service& service;
  const schema_registry& schemas;
  clock& time;
  random_source random;
  std::int32_t partitions = 1;
  std::size_t batch_commands = 500;
  std::function<void(const command_observation&)> observe = {};
  forwarder* elsewhere = nullptr;  ///< takes commands of partitions that other nodes own; none: there are no others
  std::string node = {};           ///< this one's name, told to them

  json::parser parser = {};
  command_hash_scratch hash = {};
};

/// `POST /v1/commands/{domain}/{category}/{id}/{command}` and `POST /v1/commands`.
void add_command_routes(http::router& to, command_context_of_routes& context);

/// A command that passed every check up to its schema; what comes next is the owner's word.
struct checked_command {
  const category* of = nullptr;
  std::unique_ptr<command> wanted;
  command_place place;
  bool forwarded = false;  ///< by another node: it goes no further
  bool in_order = false;   ///< of a batch: after the lines before it that have its stream
};

/// Route, id and name; in the order of API.md.
[[nodiscard]] std::expected<const category*, http::problem> find_command(const command_service& service,
                                                                         std::string_view domain,
                                                                         std::string_view category_name,
                                                                         std::string_view name);
/// Schema, id, hash. `data` is the parsed body and `text` what is kept of it.
[[nodiscard]] std::expected<checked_command, http::problem> check_command(command_context_of_routes& context,
                                                                          const category& of,
                                                                          std::string_view stream_id,
                                                                          std::string_view name, json::element data,
                                                                          std::string_view text, command_head head);
/// Id and hash of a command whose data is known to be right.
[[nodiscard]] checked_command make_checked(command_context_of_routes& context, const category& of,
                                           std::string_view stream_id, std::string_view name, json::element data,
                                           std::string_view text, command_head head);
/// A list of broken rules as a problem: `what` broke its schema.
[[nodiscard]] http::problem schema_problem(std::string_view what, const std::vector<violation>& violations);
/// To the owner, here or elsewhere.
void submit_checked(command_context_of_routes& context, checked_command ready, answer_handler done);

}  // namespace foldlog
