#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace foldlog {

/// Calls `then` once when the time has passed, on the executor of whoever was given it; not any more when the returned
/// object was destroyed before. Handed in, so that a test or a simulation rings when it likes.
using alarm = std::function<std::shared_ptr<void>(std::chrono::nanoseconds after, std::function<void()> then)>;

/// Real time: timers on this executor.
[[nodiscard]] alarm make_alarm(boost::asio::any_io_executor on);

}  // namespace foldlog
