#include "test/simulation/run.h"

#include <algorithm>

#include "test/simulation/check_answer.h"
#include "test/simulation/check_views.h"
#include "test/simulation/client.h"
#include "test/simulation/damage.h"
#include "test/simulation/reader.h"
#include "test/simulation/subscriber.h"

namespace foldlog::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t settling_steps = 400'000;
constexpr auto settling_time = 120s;  // virtual

class simulation {
 public:
  explicit simulation(const run_options& options)
      : options_(options), in_(options.seed), nodes_(in_), of_{in_, nodes_} {
    if (options.print) in_.notes.print();
    for (std::size_t i = 0; i < in_.how.writers; ++i)
      writers_.push_back(std::make_unique<writer_client>(of_, "w" + std::to_string(i)));
    for (std::size_t i = 0; i < in_.how.readers; ++i)
      readers_.push_back(std::make_unique<reader_client>(of_, "r" + std::to_string(i)));
    for (std::size_t i = 0; i < in_.how.subscribers; ++i)
      subscribers_.push_back(std::make_unique<subscriber_client>(of_, "s" + std::to_string(i)));
  }
  ~simulation() { in_.time.clear(); }
  simulation(const simulation&) = delete;
  simulation& operator=(const simulation&) = delete;

  run_report run() {
    nodes_.start_all();
    for (auto& each : writers_) each->start();
    for (auto& each : readers_) each->start();
    for (auto& each : subscribers_) each->start();
    disturb_later();
    while (content() && steps_ < options_.steps) step();
    if (content()) settle();
    if (content()) check_all();
    if (content()) do_damage();
    return report();
  }

 private:
  [[nodiscard]] bool content() const { return in_.judge.content(); }
  void step() {
    ++steps_;
    if (!in_.time.step()) in_.judge.complain("live", "nothing is to happen any more");
  }

  void disturb_later() {
    in_.time.after(in_.luck.delay(in_.how.fault_interval), [this] {
      if (in_.calm()) return;
      nodes_.disturb();
      disturb_later();
    });
  }

  // Runs until the condition holds.
  template <typename Condition>
  void until(Condition condition, std::string_view what, std::string_view invariant = "live") {
    const auto last = in_.time.now() + settling_time;
    const auto most = steps_ + settling_steps;
    while (content() && !condition()) {
      if (in_.time.now() > last || steps_ > most) return in_.judge.complain(invariant, std::string(what));
      step();
    }
  }

  void settle() {
    in_.notes.note("everything is mended");
    for (auto& each : writers_) each->stop();
    for (auto& each : readers_) each->stop();  // settling may take long, reads would fill it
    nodes_.heal();
    until([this] { return in_.log.landing == 0; }, "appends are still on their way");
    owner_ = in_.luck.below(nodes_.size());
    nodes_.leave_only(owner_);
    until([this] { return nodes_.group().settled(); }, "a hand-over has no end");
    in_.steady = true;
    until([this] { return settle_commands(); }, "commands get no certain answer");
  }

  void check_all() {
    check_endings(in_);
    until([this] { return all_folded(); }, "views do not fold the log to its end", "I4");
    for (std::size_t i = 0; i < nodes_.size(); ++i) check_disk(in_, nodes_.disk_of(i), "node-" + std::to_string(i));
    check_replays(in_);
    until([this] { return std::ranges::all_of(subscribers_, [](const auto& each) { return each->complete(); }); },
          "a subscriber does not get what was accepted", "I8");
    until([this] { return readers_idle(); }, "a read gets no answer", "I7");
    for (auto& each : readers_) each->start();
    const auto enough = reads() + 8 * readers_.size();
    until([&] { return reads() >= enough; }, "reads get no answers", "I7");
  }

  [[nodiscard]] bool all_folded() const {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const auto* of = nodes_.running(i);
      if (of == nullptr) return false;
      for (const auto& each : of->progress().entries()) {
        if (each.state == fold_state::halted || next(each.folded) != in_.records.end(each.at.partition)) return false;
      }
    }
    return true;
  }

  [[nodiscard]] bool readers_idle() const {
    return std::ranges::all_of(readers_, [](const auto& each) { return each->idle(); });
  }

  [[nodiscard]] std::uint64_t reads() const {
    std::uint64_t sum = 0;
    for (const auto& each : readers_) sum += each->answered();
    return sum;
  }

  void do_damage() {
    if (in_.how.damage == damage_kind::none) return;
    for (auto& each : readers_) each->stop();
    until([this] { return readers_idle(); }, "a read gets no answer", "I7");
    damage done(in_, nodes_);
    if (!content() || !done.inflict(owner_)) return;
    until([&] { return done.reported(); }, "damage of the log is not reported", "I9");
    if (!content()) return;
    done.probe();
    until([&] { return done.probed(); }, "a command to a damaged partition gets no answer");
    if (content()) done.check();
  }

  // Gives whoever has nothing to do a command that is in doubt. True when there is none left.
  bool settle_commands() {
    auto& all = in_.book.all();
    bool busy = false;
    for (auto& each : writers_) {
      while (!each->busy() && next_doubt_ < all.size()) {
        auto& of = all[next_doubt_++];
        if (!of.certain) each->insist_on(of);
      }
      busy = busy || each->busy();
    }
    return !busy && next_doubt_ == all.size();
  }

  run_report report() {
    run_report made;
    made.seed = options_.seed;
    made.hash = in_.notes.hash();
    made.steps = steps_;
    made.broken = in_.judge.first();
    made.virtual_seconds = std::chrono::duration<double>(in_.time.now()).count();
    made.commands = in_.book.all().size();
    for (const auto& each : in_.book.all()) made.attempts += each.attempts.size();
    made.log = in_.truth.counts();
    made.appends = in_.log.appends;
    made.reads = reads();
    for (const auto& each : subscribers_) {
      made.events_delivered += each->delivered();
      made.resumes += each->resumes();
    }
    made.faults = in_.faults;
    made.faults.add(fault::hand_over, made.log.claims);
    made.faults.add(fault::void_record, made.log.ignored);
    return made;
  }

  run_options options_;
  world in_;
  cluster nodes_;
  client_world of_;
  std::vector<std::unique_ptr<writer_client>> writers_;
  std::vector<std::unique_ptr<reader_client>> readers_;
  std::vector<std::unique_ptr<subscriber_client>> subscribers_;
  std::size_t owner_ = 0;  ///< who goes on deciding in the end
  std::size_t steps_ = 0;
  std::size_t next_doubt_ = 0;
};

}  // namespace

run_report run_simulation(const run_options& options) { return simulation(options).run(); }

}  // namespace foldlog::test
