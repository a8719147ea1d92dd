#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "command/bank/account.h"
#include "command/owner.h"
#include "command/typed_category.h"

namespace foldlog::test {

class manual_clock final : public clock {
 public:
  timestamp now() const override { return wall; }
  std::chrono::nanoseconds monotonic() const override { return run; }
  void advance(std::chrono::nanoseconds by) {
    run += by;
    wall += std::chrono::duration_cast<std::chrono::microseconds>(by);
  }
  timestamp wall{std::chrono::seconds(1'700'000'000)};
  std::chrono::nanoseconds run = std::chrono::hours(1);
};

/// Of an owner whom nobody else can follow: a refusal needs no proof.
inline owner_options exclusive() {
  owner_options options;
  options.exclusive = true;
  return options;
}

inline const category& bank_account() {
  static const typed_category<bank::account> account("bank");
  return account;
}

struct told {
  std::string command_id;
  command_outcome outcome;
  bool again = false;  ///< a repeat: to be told from the log, with these offsets
  std::vector<offset_t> offsets;
};

/// One owner, with a port that the test plays: appends wait in `appends` until the test says how they end; `log` is
/// what the partition holds.
class owner_rig : private owner_port {
 public:
  explicit owner_rig(owner_options options = {}, const category& of = bank_account(),
                     std::shared_ptr<store> rows = nullptr);

  struct append_of_owner {
    std::uint64_t id = 0;
    std::vector<record> records;
  };

  // in
  void submit(std::string id, std::string_view name, std::string data, std::string stream = "ann",
              std::optional<std::uint64_t> expected = {});
  void create(std::string id, std::string stream = "ann") {
    submit(std::move(id), "CreateAccount", R"({"owner":"ann","currency":"EUR","overdraft_limit":100})",
           std::move(stream));
  }
  void deposit(std::string id, int amount, std::string stream = "ann") {
    submit(std::move(id), "Deposit", R"({"amount":)" + std::to_string(amount) + "}", std::move(stream));
  }
  void withdraw(std::string id, int amount) {
    submit(std::move(id), "Withdraw", R"({"amount":)" + std::to_string(amount) + "}");
  }
  void flush() { owner_->flush(); }
  /// Time passes and the owner is told so.
  void pass(std::chrono::nanoseconds by);

  // the log
  offset_t put(record given);               ///< at the end of the log
  offset_t put_claim(std::uint32_t nonce);  ///< somebody else's
  void put_event(epoch_id epoch, std::uint64_t sequence, std::uint64_t version, std::string_view id = "ann",
                 std::string_view type = "bank.DepositMade.v1", std::string_view data = R"({"amount":1,"balance":1})");
  append_of_owner take();                        ///< the oldest append under way
  offset_t land(const append_of_owner& append);  ///< puts its records into the log
  void report(const append_of_owner& append, append_status status, offset_t first = no_offset, bool consecutive = true,
              error_kind why = error_kind::unknown);
  void ack();    ///< the oldest append lands and is reported
  void feed();   ///< gives the owner what it wants to read, up to the end of the log
  void serve();  ///< offer, claim, read
  void finish_saves(bool written = true);
  void restart(owner_options options);  ///< a new owner over the same log and store

  foldlog::owner& owner() { return *owner_; }
  [[nodiscard]] const told* find(std::string_view command_id) const;  ///< the answer, when it was given
  [[nodiscard]] std::size_t count(std::string_view command_id) const;
  [[nodiscard]] std::optional<outcome_kind> kind(std::string_view command_id) const;
  /// `reading serving checking …`: since the last call.
  std::string phases();

  manual_clock time;
  std::vector<record> log;
  std::deque<append_of_owner> appends;
  std::vector<told> answers;
  std::optional<offset_t> reading;     ///< where the owner reads next
  std::optional<offset_t> first_read;  ///< what it asked for last
  std::vector<std::unique_ptr<store_batch>> saves;
  std::vector<std::chrono::nanoseconds> wakes;
  std::chrono::seconds timeout{10};
  std::size_t records_max = SIZE_MAX;  ///< of one read
  std::shared_ptr<store> rows;

 private:
  void append(std::uint64_t append_id, std::span<const record> records) override;
  void read_from(offset_t offset) override { reading = first_read = offset; }
  void stop_reading() override { reading.reset(); }
  void answer(command& of, command_outcome outcome) override;
  void answer_again(std::unique_ptr<command> of, const remembered& first) override;
  void save(std::unique_ptr<store_batch> batch) override { saves.push_back(std::move(batch)); }
  void wake_after(std::chrono::nanoseconds after) override { wakes.push_back(after); }
  void phase_changed(owner_phase now, std::string_view) override {
    phases_ += (phases_.empty() ? "" : " ") + std::string(name(now));
  }

  record keep(const record& given);
  void make_owner(owner_options options);

  const category& category_;
  std::deque<std::string> bytes_;
  std::string phases_;
  std::uint64_t chance_ = 1;
  std::unique_ptr<write_model> model_;
  std::unique_ptr<foldlog::owner> owner_;
};

}  // namespace foldlog::test
