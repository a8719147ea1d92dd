#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "command/command.h"
#include "command/hot_streams.h"
#include "command/remembered_commands.h"
#include "command/write_model.h"
#include "core/base/random.h"
#include "core/log/commit_reader.h"
#include "core/log/event_log.h"

namespace foldlog {

struct owner_options {
  std::size_t waiting_commands = 20'000;  ///< beyond it: overloaded
  std::size_t waiting_bytes = 32U << 20;  ///< of their data
  std::size_t in_flight_appends = 16;     ///< appends not answered by the log yet; more commands gather behind them
  std::size_t pending_records = 20'000;   ///< decided, not handed to the log yet
  std::size_t append_bytes = 4U << 20;    ///< of events in one append; a single commit may be larger
  std::size_t hot_bytes = 8U << 20;       ///< streams in memory, per partition
  std::size_t save_commits = 16384;       ///< write the write model after so many commits ...
  std::chrono::milliseconds save_after{1000};       ///< ... or so long after the first
  std::chrono::microseconds proof_interval{5'000};  ///< at most one proof in this time
  std::chrono::milliseconds deposed_pause{10'000};  ///< before it claims again, and up to half as long again
  std::chrono::milliseconds claim_retry{200};       ///< after a claim that failed: doubled each time, up to 5 s
  std::chrono::milliseconds checking_time{5'000};   ///< an odd acknowledgement that was not met by then: claims anew
  std::uint64_t window_commands = 100'000;          ///< idempotency: commands of a stream ...
  std::chrono::microseconds window_age = std::chrono::days(7);  ///< ... and log time, whichever ends first
  bool exclusive = false;                                       ///< event_log::exclusive(): a refusal needs no proof
  /// An event against its schema, before it is appended; empty: events are taken as they come.
  std::function<result<void>(std::string_view type, json::element data)> check_event;
  std::string node = "node";  ///< in the claim
  std::string endpoint;       ///< in the claim: where other nodes find this one
};

enum class owner_phase : std::uint8_t {
  vacant,     ///< nobody offered the partition
  following,  ///< folds what another writes, to be quick when it is offered
  claiming,   ///< a claim is on its way
  reading,    ///< reads up to its claim
  serving,    ///< decides
  checking,   ///< an acknowledgement came with an odd offset: reads on before it believes anything
  deposed,    ///< met another's claim; claims again later
  halted,     ///< the log is damaged: an operator must look
};
[[nodiscard]] std::string_view name(owner_phase phase);

constexpr std::string_view handed_over = "the partition is being handed over to another node";

/// What an owner asks for. No call of it comes back into the owner before it has returned.
class owner_port {
 public:
  virtual ~owner_port() = default;
  /// Append; its result comes as owner::appended(). The records are encoded before this returns.
  virtual void append(std::uint64_t append_id, std::span<const record> records) = 0;
  /// From now on hand the partition's records from that offset on to owner::read(), until stop_reading().
  virtual void read_from(offset_t offset) = 0;
  virtual void stop_reading() = 0;
  virtual void answer(command& of, command_outcome outcome) = 0;
  /// A repeat: fetch the records of the first attempt and tell its outcome again.
  virtual void answer_again(std::unique_ptr<command> of, const remembered& first) = 0;
  /// Write the batch to the write model's store; then owner::saved().
  virtual void save(std::unique_ptr<store_batch> batch) = 0;
  /// Call owner::tick() after that time at the latest.
  virtual void wake_after(std::chrono::nanoseconds time) = 0;
  virtual void phase_changed(owner_phase now, std::string_view why) = 0;
};

struct owner_counters {
  std::uint64_t accepted_commits = 0;
  std::uint64_t void_records = 0;  ///< met while reading
  std::uint64_t claims = 0;        ///< made by this owner
  std::uint64_t proofs = 0;
  std::uint64_t deposed = 0;
};

/// The one writer of a partition: a state machine without I/O (DESIGN sections 5 and 6). Everything goes in by its
/// functions, on one strand, with the time; everything comes out through its port.
///
///     offer -> claiming -> reading -> serving -+-> checking -> serving | deposed | claiming
///                 ^                            +-> claiming             (an unknown outcome)
///                 +------- deposed (after a pause)
///     follow -> following (and offer from there); release -> vacant, once what was decided is certain
class owner {
 public:
  owner(const category& of, write_model& rows, owner_options options, owner_port& port, clock& time,
        random_source random);

  /// Where the write model stands. First of all.
  void start(const folded_place& place);
  /// This process should own the partition.
  void offer();
  /// Another owns it, this process may have to: vacant -> following.
  void follow();
  /// following -> vacant.
  void rest();
  /// Another process should own it: decides nothing more, and is vacant as soon as what was decided is certain.
  /// `at_once`: another owns it already; what is under way is answered as unknown (a repeat, by whoever, gets its
  /// outcome).
  void release(bool at_once);
  void submit(std::unique_ptr<command> wanted);
  /// Hands what was decided since the last call to the log, as one append. To be called once all input at hand was
  /// given.
  void flush();
  void appended(std::uint64_t append_id, const append_result& outcome);
  void read(std::span<const record> records);
  void read_failed(const error& why);
  void saved(const result<void>& outcome);
  void tick();
  /// The partition can't be trusted: nothing is decided any more until an operator has looked.
  void halt(const std::string& why);
  /// Stops deciding: what waits is refused as not ready, what is under way may still end.
  void retire();

  [[nodiscard]] owner_phase phase() const { return phase_; }
  /// Released, and not vacant yet.
  [[nodiscard]] bool leaving() const { return leaving_; }
  [[nodiscard]] std::string_view reason() const { return reason_; }
  [[nodiscard]] epoch_id epoch() const { return phase_ == owner_phase::serving ? place_.judged.epoch : epoch_id{}; }
  [[nodiscard]] bool idle() const {
    return waiting_.empty() && pending_.empty() && in_flight_.empty() && held_.empty() && in_doubt_.empty();
  }
  [[nodiscard]] const owner_counters& counters() const { return counters_; }
  [[nodiscard]] const folded_place& place() const { return place_; }
  /// Everything certain is in the store (or in a batch that is being written).
  [[nodiscard]] bool clean() const { return unsaved_commits_ == 0 && !saving_; }
  [[nodiscard]] std::size_t hot_bytes() const { return streams_.bytes(); }
  /// Hands what is certain and not saved yet to the store.
  void save();

 private:
  friend struct owner_inspector;  ///< the model checker (test/model) tells states apart by what is in here
  enum class commit_kind : std::uint8_t { events, refusal, proof };
  struct commit {
    commit_kind kind = commit_kind::events;
    std::unique_ptr<command> from;  ///< none for a proof
    std::vector<decided_event> events;
    std::string value;  ///< a refusal's record
    foldlog::refusal refused;
    hot_stream* stream = nullptr;
    state_pointer state;  ///< after it
    version_t before{0};
    std::uint64_t ordinal = 0;
    std::uint64_t first_sequence = 0;
    timestamp time{};
    std::size_t bytes = 0;  ///< of the command and of what it writes
    [[nodiscard]] std::uint32_t count() const {
      return kind == commit_kind::events ? static_cast<std::uint32_t>(events.size()) : 1;
    }
  };
  struct append_under_way {
    std::uint64_t id = 0;
    std::vector<commit> commits;
    std::uint64_t first_sequence = 0;
    std::uint64_t count = 0;
    std::optional<append_result> outcome;
  };
  struct held_answer {
    std::unique_ptr<command> of;
    std::uint64_t needs = 0;  ///< answer when every sequence below is certain
    command_outcome outcome;
    bool again = false;  ///< a repeat: told from the log
  };

  // deciding
  void decide(std::unique_ptr<command> wanted);
  void decide_on(hot_stream& stream, std::unique_ptr<command> wanted);
  bool hold_repeat(const hot_stream& stream, std::unique_ptr<command>& wanted);
  [[nodiscard]] result<void> check_event(const decided_event& event);
  void add_commit(hot_stream& stream, commit made);
  void refuse(hot_stream& stream, std::unique_ptr<command> wanted, foldlog::refusal no);
  void hold(std::unique_ptr<command> of, command_outcome outcome, bool again = false);
  void release_held();
  void answer_early(append_under_way& append);
  void add_proof_when_needed();
  [[nodiscard]] result<hot_stream*> open_stream(std::string_view id);
  [[nodiscard]] result<std::optional<remembered>> find_repeat(const hot_stream& stream, const command& wanted,
                                                              bool whatever_its_age = false);
  void wait_in_queue(std::unique_ptr<command> wanted);
  void take_waiting();
  [[nodiscard]] bool full() const;
  void take_pending(append_under_way& into);
  void append_commits(append_under_way& append);
  record make_record(const commit& from, std::uint32_t index) const;

  // certainty
  void settle_front();
  void settle(commit& settled, std::span<const offset_t> offsets);
  void remember(hot_stream& stream, std::string_view command_id, remembered outcome);
  void trouble(const append_result& odd);
  void meet_too_large(append_under_way& append);

  // claiming and reading
  [[nodiscard]] bool reads() const {
    return phase_ == owner_phase::reading || phase_ == owner_phase::checking || phase_ == owner_phase::following;
  }
  void claim(std::string_view why);
  void claim_again_later(std::string_view why);
  void take_back();
  void take_as_lost();
  void requeue(std::vector<std::unique_ptr<command>> again);
  void drop_doubtful(const std::function<void(std::unique_ptr<command>)>& each);
  void read_one(const record& next);
  void met_claim(const record& claim);
  result<void> accept(std::span<const record> records);
  [[nodiscard]] static bool is_own(const commit& own, std::span<const record> records);
  result<void> fold_commit(std::span<const record> records);
  void counted(std::span<const record> records);
  void could_not_fold(const error& why);
  void begin_serving();
  void leave_when_idle();
  void leave_at_once(std::string_view why);
  void end_checking_when_done();
  void depose();
  void enter(owner_phase phase, std::string_view why);
  void answer_all_waiting(outcome_kind kind, std::string_view why);
  void expire(std::chrono::nanoseconds now);
  void wake_for_what_is_due(std::chrono::nanoseconds now);

  const category& category_;
  write_model& rows_;
  owner_options options_;
  owner_port& port_;
  clock& time_;
  random_source random_;
  json::parser parser_;

  owner_phase phase_ = owner_phase::vacant;
  std::string reason_ = "the partition was not offered yet";
  bool retired_ = false;
  bool leaving_ = false;             ///< released, and something is still under way
  folded_place place_;               ///< everything before it is certain and folded
  commit_reader reader_;             ///< while reading
  offset_t read_next_{0};            ///< while reading: the next record to come
  epoch_id epoch_;                   ///< ours: under which commits are decided
  std::uint64_t next_sequence_ = 0;  ///< of the next commit decided
  std::uint32_t claim_nonce_ = 0;
  std::vector<std::uint32_t> own_nonces_;  ///< the last ones: to know a late claim of our own
  std::uint64_t claim_append_ = 0;
  std::chrono::nanoseconds claim_pause_{};
  std::optional<std::chrono::nanoseconds> claim_at_;  ///< when to claim (again)

  hot_streams streams_;
  remembered_commands recent_;  ///< command ids that the store does not hold yet
  std::deque<std::unique_ptr<command>> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::deque<commit> pending_;
  std::size_t pending_records_ = 0;
  std::size_t pending_bytes_ = 0;
  std::size_t alone_ = 0;  ///< so many commits go to the log by themselves: an append of several was too large
  std::deque<append_under_way> in_flight_;
  std::deque<commit> in_doubt_;  ///< of the epoch before the claim that is on its way
  epoch_id doubtful_epoch_;
  std::deque<held_answer> held_;
  std::size_t held_bytes_ = 0;
  std::uint64_t next_append_ = 1;
  std::uint64_t next_arrival_ = 1;

  bool proof_under_way_ = false;
  std::chrono::nanoseconds last_proof_{};
  std::size_t unsaved_commits_ = 0;
  std::chrono::nanoseconds first_unsaved_{};
  bool saving_ = false;
  bool reading_paused_ = false;
  std::vector<hot_stream*> dirty_;
  std::vector<hot_stream*> saving_streams_;
  owner_counters counters_;
  std::vector<record> records_;    ///< reused
  std::vector<offset_t> offsets_;  ///< reused
};

}  // namespace foldlog
