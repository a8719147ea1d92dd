#include "core/log/kafka_signal.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <cstdint>
#include <mutex>
#include <system_error>

namespace foldlog {
namespace {

constexpr std::uint64_t one = 1;  // what an eventfd is written; librdkafka keeps the pointer's bytes

int make_eventfd() {
  const int made = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (made < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  return made;
}

}  // namespace

struct kafka_signal::state : std::enable_shared_from_this<kafka_signal::state> {
  state(const boost::asio::any_io_executor& executor, std::function<void()> call)
      : descriptor(executor, make_eventfd()), number(descriptor.native_handle()), fired(std::move(call)) {}

  void wait() {
    const std::lock_guard lock(mutex);
    if (stopped) return;
    descriptor.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                          [self = shared_from_this()](const boost::system::error_code& ec) {
                            if (!ec) self->handle();
                          });
  }

  void handle() {
    {
      const std::lock_guard lock(mutex);
      if (stopped) return;
      std::uint64_t count = 0;
      // NOLINTNEXTLINE(clang-analyzer-unix.BlockInCriticalSection): the eventfd never blocks.
      (void)!::read(number, &count, sizeof count);
    }
    fired();
    wait();
  }

  void stop() {
    const std::lock_guard lock(mutex);
    stopped = true;
    descriptor.close();
  }

  std::mutex mutex;
  boost::asio::posix::stream_descriptor descriptor;
  int number;
  std::function<void()> fired;
  bool stopped = false;
};

kafka_signal::kafka_signal(const boost::asio::any_io_executor& executor, std::function<void()> fired)
    : state_(std::make_shared<state>(executor, std::move(fired))) {
  state_->wait();
}

kafka_signal::~kafka_signal() { state_->stop(); }

void kafka_signal::watch(rd_kafka_queue_t* queue) {
  rd_kafka_queue_io_event_enable(queue, state_->number, &one, sizeof one);
  raise();  // what is in the queue by now would never fire it
}

void kafka_signal::raise() { (void)!::write(state_->number, &one, sizeof one); }

}  // namespace foldlog
