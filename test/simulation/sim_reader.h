#pragma once

#include "test/simulation/sim_log.h"

namespace foldlog::test {

/// Reads what is committed: a few records at a time, of any partition, now and then nothing or an error. After a read
/// that gave nothing it calls when there is more.
class sim_reader final : public log_reader {
 public:
  sim_reader(sim_log& log, std::vector<event_log::start> starts, ready_handler ready);
  ~sim_reader() override;
  sim_reader(const sim_reader&) = delete;
  sim_reader& operator=(const sim_reader&) = delete;

  [[nodiscard]] result<void> read(record_batch& into, const read_limits& limits) override;
  void seek(partition_id at, offset_t from) override { find(at).next = from; }
  void pause(partition_id at) override { find(at).paused = true; }
  void resume(partition_id at) override { find(at).paused = false; }

  void grown(std::int32_t partition);

 private:
  struct place {
    partition_id at;
    offset_t next{0};
    bool paused = false;
  };
  place& find(partition_id at);
  [[nodiscard]] bool has_more(const place& here) const;
  [[nodiscard]] result<void> take(place& here, record_batch& into, std::size_t most);
  void call_later();

  sim_log* log_;
  std::shared_ptr<sim_log*> log_alive_;
  std::vector<place> places_;
  ready_handler ready_;
  bool waits_ = false;
  std::shared_ptr<sim_reader*> alive_;
};

}  // namespace foldlog::test
