#include <fmt/format.h>

#include "command/append_routes.h"
#include "command/command_routes.h"
#include "core/runtime/logging.h"
#include "query/query_routes.h"
#include "tools/contract.h"
#include "tools/deprecated_route.h"
#include "tools/node_state.h"
#include "tools/problem_routes.h"
#include "tools/schema_routes.h"

// What a node answers, by its roles.
namespace foldlog {

void node::add_command_side() {
  if (!with_.roles.command) {
    if (with_.roles.front) add_front_command_routes(routes_, cluster_->front());
  } else {
    // NOLINTNEXTLINE(modernize-make-unique): an aggregate, its members by name
    command_routes_.reset(new command_context_of_routes{.service = *commands_,
                                                        .schemas = domains_.schemas(),
                                                        .time = time_,
                                                        .random = random_,
                                                        .partitions = log_->partitions(),
                                                        .batch_commands = with_.batch_commands});
    command_routes_->observe = [this](const command_observation& seen) { metrics_.observe_command(seen); };
    command_routes_->node = name_;
    if (cluster_) command_routes_->elsewhere = &cluster_->commands();
    add_command_routes(routes_, *command_routes_);
  }
  for (const auto& domain : domains_.all()) {
    if (!domain.is_decided_by_clients()) continue;
    if (with_.roles.command) {
      add_append_routes(routes_, *command_routes_, domain.name());
    } else if (with_.roles.front) {
      add_front_append_routes(routes_, cluster_->front(), domain.name());
    }
  }
}

void node::add_query_side() {
  if (with_.roles.query) {
    query::add_query_routes(routes_, {.model = domains_.read_model(),
                                      .views = view_rows_.get(),
                                      .log = log_.get(),
                                      .progress = &progress_,
                                      .executor = loop_.get_executor(),
                                      .store_generation = [this] { return view_rows_->generation(); }});
  } else if (with_.roles.front) {
    add_front_read_routes(routes_, cluster_->front());
  }
}

result<void> node::add_routes() {
  add_command_side();
  add_query_side();
  add_problem_routes(routes_);
  add_schema_routes(routes_, domains_.schemas());
  add_contract_routes(routes_, contracts_);
  const auto render_metrics = [this] {
    const auto owners = commands_ ? commands_->counters() : owner_counters();
    return metrics_.render(owners, folds()) + (cluster_ ? cluster_->metrics() : "");
  };
  const auto list_partitions = [this] {
    auto states = commands_ ? commands_->partitions() : std::vector<command_service::partition_state>();
    if (cluster_) cluster_->complete(states);
    return states;
  };
  add_admin_routes(admin_routes_, {.checks = [this] { return checks(); },
                                   .metrics = render_metrics,
                                   .partitions = list_partitions,
                                   .projections = [this] { return folds(); }});
  if (auto marked = mark_deprecated(routes_, with_.deprecated_routes); !marked) return marked;
  describe_routes();
  return {};
}

void node::describe_routes() {
  const contract_source source{.domains = domains_,
                               .routes = routes_.entries(),
                               .admin_routes = admin_routes_.entries(),
                               .admin_url = fmt::format("http://{}:{}", with_.admin.host, admin_->port()),
                               .log = with_.log,
                               .partitions = log_->partitions(),
                               .replicas = with_.log == "embedded" ? 1 : with_.replicas};
  auto described = make_openapi(source);
  for (const auto& route : described.missing) log(log_level::error, "openapi.json lacks a route", {{"route", route}});
  contracts_->openapi = std::move(described.text);
  contracts_->asyncapi = make_asyncapi(source);
}

}  // namespace foldlog
