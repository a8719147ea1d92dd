#pragma once

#include <map>
#include <string>

#include "test/simulation/bank_views.h"
#include "test/simulation/client.h"

namespace foldlog::test {

/// Reads rows, lists page by page, streams and states, on whichever node; often with a token that covers all it has
/// seen or some commit that was accepted. Checks each answer against the truth at the answer's own position (I4), the
/// positions against its tokens and against what it saw before (I7).
class reader_client {
 public:
  reader_client(client_world& of, std::string name);

  void start();
  void stop() { stopped_ = true; }
  /// Nothing of it is under way.
  [[nodiscard]] bool idle() const { return stopped_ && !waits_; }
  [[nodiscard]] std::uint64_t answered() const { return answered_; }

 private:
  enum class kind : std::uint8_t { row, list, events, state };
  struct question {
    kind what = kind::row;
    std::string view, key;            // row, list
    std::string index, value;         // list
    bool descending = false;          // list
    std::size_t limit = 1;            // list, events
    std::string cursor;               // list
    std::optional<list_entry> after;  // list: the last entry of the page before
    std::uint64_t version = 0;        // events: from; state: 0 is the newest
    reach token;                      // empty: none
    std::string tag, tagged;          // row: what the client has already
    std::size_t slot = 0;
    std::uint64_t life = 0;
    bool steady = false;  ///< asked when nothing fails any more
  };

  void think();
  void choose();
  [[nodiscard]] question invent();
  void choose_token(question& of);
  void send(question asked);
  void meet(question asked, std::optional<reply> got);

  void complain(std::string_view invariant, const question& of, const reply& got, std::string_view what);
  [[nodiscard]] std::optional<reach> read_position(const question& of, const reply& got);
  void check_position(const question& of, const reply& got, const reach& at);
  void check_problem(const question& of, const reply& got);
  void check_row(const question& of, const reply& got, const reach& at);
  void check_list(question of, const reply& got, const reach& at);
  void check_events(const question& of, const reply& got, const reach& at);
  void check_state(const question& of, const reply& got, const reach& at);
  [[nodiscard]] std::string path(const question& of) const;

  client_world& of_;
  chance luck_;
  std::string name_;
  reach seen_;  ///< all that any answer showed
  std::map<std::pair<std::size_t, std::string>, std::pair<std::uint64_t, reach>>
      shown_;                                                        ///< by node and view: its life, its last position
  std::map<std::string, std::pair<std::string, std::string>> tags_;  ///< by path: ETag and body
  std::optional<question> next_page_;
  std::uint64_t answered_ = 0;
  bool stopped_ = true;
  bool waits_ = false;   ///< for an answer
  bool thinks_ = false;  ///< its next question is due
};

}  // namespace foldlog::test
