#include "core/runtime/alarm.h"

#include <boost/asio/steady_timer.hpp>
#include <utility>

namespace foldlog {

alarm make_alarm(boost::asio::any_io_executor on) {
  return [on = std::move(on)](std::chrono::nanoseconds after, std::function<void()> then) -> std::shared_ptr<void> {
    auto timer = std::make_shared<boost::asio::steady_timer>(on, after);
    // The weak pointer covers the moment between the ringing and the call, in which cancelling comes too late.
    timer->async_wait([weak = std::weak_ptr(timer), then = std::move(then)](const boost::system::error_code& code) {
      if (!code && !weak.expired()) then();
    });
    return timer;
  };
}

}  // namespace foldlog
