#include "test/simulation/node.h"

#include <boost/asio/post.hpp>

#include "query/query_routes.h"
#include "test/simulation/sim_stream.h"

namespace foldlog::test {

using namespace std::chrono_literals;

// Writes behind the node's back, in order, as its thread would.
class node::writer final : public store_writer {
 public:
  writer(node& of, store& to) : in_(of.in_), alive_(of.alive_), store_(to) {}

  void write(std::unique_ptr<store_batch> batch, handler done) override {
    free_at_ = std::max(free_at_, in_.time.now() + in_.luck.delay(2 * in_.how.log_delay));
    in_.time.at(free_at_,
                [alive = alive_, store = &store_, batch = std::move(batch), done = std::move(done)]() mutable {
                  if (*alive == nullptr) return;
                  auto& of = **alive;
                  auto outcome = store->write(*batch);
                  of.in_.notes.note("{} saves its write model: {}", of.name_, outcome.has_value());
                  boost::asio::post(of.context_, [done = std::move(done), outcome = std::move(outcome)]() mutable {
                    done(std::move(outcome));
                  });
                  of.turn_soon();
                });
  }
  void stop() override {}

 private:
  world& in_;
  std::shared_ptr<node*> alive_;
  store& store_;
  std::chrono::nanoseconds free_at_{};
};

node::node(world& in, std::string name, disk& on, std::chrono::microseconds clock_off)
    : in_(in),
      name_(std::move(name)),
      disk_(on),
      domains_(bank_domains(in.how.records_refusals)),
      alive_(std::make_shared<node*>(this)),
      clock_(in.time),
      random_([luck = in.luck.fork()]() mutable { return luck.bits(); }),
      log_(in.log, name_, context_.get_executor(), [this] { turn_soon(); }),
      wishes_(static_cast<std::size_t>(in.how.partitions), in.how.shared ? partition_wish::rest : partition_wish::own) {
  clock_.be_off(clock_off);
  runner_ = std::make_unique<runner>(
      log_, disk_.views, domains_.projections(), progress_, clock_,
      runner_options{.fold = {.store_records = !log_.exclusive(), .cache_bytes = in.how.cache_bytes},
                     .partitions = {}});
  runner_->on_ready([alive = alive_] {
    if (*alive) (*alive)->fold_soon((*alive)->in_.luck.delay((*alive)->in_.how.fold_delay));
  });
  commands_ = std::make_unique<command_service>(log_, disk_.write_model, context_.get_executor(), clock_, random_,
                                                service_options());
  for (const auto& domain : domains_.all()) {
    for (const auto& category : domain.categories()) commands_->add(*category);
  }
  // NOLINTNEXTLINE(modernize-make-unique): an aggregate, its members by name
  command_routes_.reset(new command_context_of_routes{.service = *commands_,
                                                      .schemas = domains_.schemas(),
                                                      .time = clock_,
                                                      .random = random_,
                                                      .partitions = log_.partitions()});
  add_command_routes(routes_, *command_routes_);
  query::add_query_routes(routes_, {.model = domains_.read_model(),
                                    .views = &disk_.views,
                                    .log = &log_,
                                    .progress = &progress_,
                                    .executor = context_.get_executor(),
                                    .store_generation = [this] { return disk_.views.generation(); },
                                    .alarm = make_alarm()});
}

node::~node() {
  *alive_ = nullptr;
  for (const auto& weak : streams_) {
    if (const auto stream = weak.lock()) stream->lose_node();
  }
  commands_->stop();
  log_.close();
}

command_service_options node::service_options() {
  command_service_options options;
  options.owner = in_.how.owner;
  options.owner.node = name_;
  options.owner.endpoint = "http://" + name_;
  options.command_timeout = in_.how.command_timeout;
  options.alarm = make_alarm();
  options.shared_out = in_.how.shared;
  options.changed = [this](partition_id at) {
    if (changed_) changed_(at.partition);
  };
  options.make_writer = [this](store& to, const boost::asio::any_io_executor&) -> std::unique_ptr<store_writer> {
    return std::make_unique<writer>(*this, to);
  };
  return options;
}

foldlog::alarm node::make_alarm() {
  return [this](std::chrono::nanoseconds after, std::function<void()> then) -> std::shared_ptr<void> {
    const auto wanted = std::make_shared<int>();
    in_.time.after(after + in_.luck.delay(100us),
                   [alive = alive_, weak = std::weak_ptr(wanted), then = std::move(then)]() mutable {
                     if (*alive == nullptr || weak.expired()) return;
                     boost::asio::post((*alive)->context_, [weak, then = std::move(then)] {
                       if (!weak.expired()) then();
                     });
                     (*alive)->turn_soon();
                   });
    return wanted;
  };
}

bool node::start() {
  if (!commands_->start()) return false;
  fold_soon(0ns);
  turn_soon();
  return true;
}

void node::handle(const http::request& of, http::responder answer) {
  routes_.handle(of, std::move(answer));
  turn_soon();
}

void node::turn_soon() {
  if (std::exchange(turn_due_, true)) return;
  in_.time.at(std::max(in_.time.now() + in_.luck.delay(30us), paused_until_), [alive = alive_] {
    if (*alive) (*alive)->turn();
  });
}

void node::turn() {
  turn_due_ = false;
  if (paused()) return turn_soon();
  const std::size_t most = 1 + in_.luck.below(16);
  std::size_t done = 0;
  context_.restart();
  while (done < most && context_.poll_one() > 0) ++done;
  if (done == most) turn_soon();
}

void node::fold_soon(std::chrono::nanoseconds wait) {
  if (std::exchange(fold_due_, true)) return;
  in_.time.at(std::max(in_.time.now() + wait, paused_until_), [alive = alive_] {
    if (*alive) (*alive)->fold();
  });
}

// As fold_thread does it.
void node::fold() {
  fold_due_ = false;
  if (paused()) return fold_soon(0ns);
  const auto step = runner_->fold_some();
  in_.notes.note("{} folds {} records", name_, step ? static_cast<std::int64_t>(step->records) : -1);
  if (!step) return fold_soon(1ms + in_.luck.delay(20ms));
  if (!step->caught_up) fold_soon(in_.luck.delay(in_.how.fold_delay));
  turn_soon();
}

void node::wish(std::int32_t partition, partition_wish wanted) {
  wishes_[static_cast<std::size_t>(partition)] = wanted;
  in_.notes.note("{} hears what it is to do for {}: {}", name_, partition, static_cast<int>(wanted));
  commands_->wish({0, partition}, wanted);
  turn_soon();
}

void node::drop(std::int32_t partition) {
  in_.notes.note("{} hears that {} is another's", name_, partition);
  commands_->drop({0, partition});
  turn_soon();
}

void node::retire() {
  commands_->drain(in_.how.command_timeout, [] {});
  turn_soon();
}

}  // namespace foldlog::test
