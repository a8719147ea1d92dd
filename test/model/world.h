#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "book.h"
#include "command/owner.h"
#include "counter.h"
#include "fingerprint.h"
#include "rows.h"
#include "scope.h"

namespace foldlog::test {

/// One thing that can happen next.
struct action {
  enum class kind : std::uint8_t {
    offer,       ///< the group names the node
    release,     ///< the group names another (`extra` 1: which owns it already)
    follow,      ///< the node stands by
    tick,        ///< time passes until the node claims again
    submit,      ///< `extra`: which command
    flush,       ///< what has gathered is handed to the log
    feed,        ///< the node reads up to the end of the log (`extra` 1: one record)
    saved,       ///< the store has written what the node saves (`extra` 1: it could not)
    land,        ///< an append's records take their places in the log
    overtake,    ///< the same, before an earlier append of the node: that one has failed
    tear,        ///< only its first `extra` records land, or (100 + extra) all but those
    twice,       ///< it lands again
    told,        ///< the node learns its append's true place (`extra` 1: that of the second landing)
    told_odd,    ///< ... is told offset -1
    told_apart,  ///< ... that its records stand in order, but not one next to the other
    unknown,     ///< ... that nothing is known
    refused,     ///< ... that it will never land (`extra` 1: it is too large)
    expire,      ///< every command at the node is past its deadline
    crash,       ///< and restart; the store keeps `extra` of the node's batches
  } what = kind::offer;
  std::uint8_t node = 0;
  std::uint8_t append = 0;
  std::uint8_t extra = 0;
};

/// What is on its way from a node to the log and back.
struct sent_append {
  std::uint64_t id = 0;
  std::vector<record> records;
  std::uint32_t landed = 0;  ///< which records, as bits
  bool failed = false;       ///< it may still land, but never be acknowledged in good order
  bool torn = false;
  bool overtaken = false;
  bool told = false;  ///< its result
  bool twice = false;
  offset_t first = no_offset;
  offset_t second = no_offset;
  [[nodiscard]] std::uint32_t all() const { return (1U << records.size()) - 1; }
  [[nodiscard]] bool whole() const { return landed == all(); }
};

class world;

class model_clock final : public clock {
 public:
  timestamp now() const override { return timestamp(std::chrono::seconds(1'700'000'000)); }
  std::chrono::nanoseconds monotonic() const override { return run; }
  std::chrono::nanoseconds run = std::chrono::hours(1);
};

/// A node: the engine's owner behind a port that the checker plays.
class node final : public owner_port {
 public:
  node(world& in, int index);
  void boot();  ///< a new owner on what the store holds
  void crash(std::size_t batches_kept);
  void finish_save(bool written = true);

  void append(std::uint64_t append_id, std::span<const record> records) override;
  void read_from(offset_t offset) override { reading = offset; }
  void stop_reading() override { reading.reset(); }
  void answer(command& of, command_outcome outcome) override;
  void answer_again(std::unique_ptr<command> of, const remembered& first) override;
  void save(std::unique_ptr<store_batch> batch) override;
  void wake_after(std::chrono::nanoseconds /*time*/) override {}
  void phase_changed(owner_phase now, std::string_view why) override;

  [[nodiscard]] char name() const { return static_cast<char>('A' + index_); }
  [[nodiscard]] foldlog::owner& owner() { return *owner_; }
  [[nodiscard]] const foldlog::owner& owner() const { return *owner_; }

  std::vector<sent_append> sent;
  std::vector<std::pair<offset_t, std::unique_ptr<model_batch>>> batches;  ///< with the place that each reflects
  bool saving = false;                                                     ///< the last of them is not written yet
  std::optional<offset_t> reading;
  model_clock time;

 private:
  world& in_;
  int index_;
  std::uint64_t chances_ = 0;
  std::shared_ptr<model_store> store_;
  std::unique_ptr<write_model> model_;
  std::unique_ptr<foldlog::owner> owner_;
};

/// How an attempt at a command ended for its client.
enum class ending : std::uint8_t { open, applied, refused, no_effect, unknown };

/// Nodes, network, log and clients in one state; apply() leads to the next one.
class world {
 public:
  explicit world(const scope& in, defect without);

  void enabled(std::vector<action>& into) const;
  void apply(const action& next);
  /// What is wrong by now; empty when nothing is.
  [[nodiscard]] std::string wrong() const;
  [[nodiscard]] digest sum();
  /// Of one node, the log and the clients only.
  [[nodiscard]] digest sum_alone(std::size_t index);
  /// Nothing is due at the node: nothing on its way, nothing to read or to hand over.
  [[nodiscard]] bool quiet(std::size_t index) const;
  /// No more faults, a fair course: does everything come to a good end? Destroys the state.
  void recover(bool others_paused, std::size_t survivor);
  void tell_to(std::string* story) { story_ = story; }
  void say(const std::string& what) {
    if (story_ != nullptr) *story_ += what;
  }
  [[nodiscard]] std::string picture() const;
  /// Set while a prefix is repeated that was checked before.
  void trust(bool prefix) { trusted_ = prefix; }

  // what nodes report
  record keep(const record& given);
  void answered(const command& of, const command_outcome& outcome);
  void answered_no(const command& of, std::uint64_t version, bool (book::*right)(int, std::size_t) const);
  void answered_again(const command& of, const remembered& first);
  [[nodiscard]] const scope& limits() const { return scope_; }
  [[nodiscard]] bool telling() const { return story_ != nullptr; }
  void complain(const std::string& what) {
    if (wrong().empty()) wrong_ = what;
  }
  void name_claim(std::uint32_t nonce, char of) { claims_.emplace_back(nonce, of); }
  [[nodiscard]] std::string label(const record& of) const;

 private:
  struct attempt {
    std::size_t submitted = 0;  ///< how long the log was
    ending ended = ending::open;
    std::uint8_t at = 0;
  };

  void enabled_at(std::size_t index, std::vector<action>& into) const;
  void enabled_append(std::size_t index, std::size_t which, std::vector<action>& into) const;
  void send(std::size_t command, std::size_t to);
  void place(sent_append& append, std::uint32_t which);
  void report(node& to, sent_append& append, append_status status, offset_t first, bool consecutive,
              error_kind why = error_kind::unavailable);
  void after(node& at);
  void check_owner(node& at);
  [[nodiscard]] fingerprint sum_of_log() const;
  [[nodiscard]] digest sum_of(node& of, const fingerprint& names) const;
  [[nodiscard]] std::string describe(const action& of) const;
  [[nodiscard]] bool fault_left(fault kind) const { return faults_ > 0 && (scope_.kinds & kind) != 0; }
  void run(action next);
  void finish_saves(node& at);
  bool run_fairly(std::size_t index);
  bool pass_time(std::size_t index, bool assigned);
  void run_until_quiet(std::size_t survivor, bool others_paused);
  void ask_again(std::size_t command, bool even_if_known, std::size_t survivor, bool others_paused);
  void end(const command& of, ending how);

  const scope& scope_;
  defect without_;
  bool trusted_ = false;
  std::vector<record> log_;
  std::deque<std::string> bytes_;
  book book_;
  std::deque<node> nodes_;
  std::vector<std::vector<attempt>> attempts_;
  std::vector<std::pair<std::uint32_t, char>> claims_;
  int offers_;
  int faults_;
  int crashes_;
  int releases_;
  int follows_;
  int repeats_;
  std::string wrong_;
  std::string* story_ = nullptr;
};

}  // namespace foldlog::test
