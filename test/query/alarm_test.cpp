#include "core/runtime/alarm.h"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>

using namespace foldlog;
using namespace std::chrono_literals;

TEST_CASE("the real alarm rings once, and not when it was let go of before") {
  boost::asio::io_context context;
  const auto alarm = make_alarm(context.get_executor());
  int rung = 0;
  const auto kept = alarm(1ms, [&] { ++rung; });
  alarm(1ms, [&] { rung += 100; });
  std::shared_ptr<void> other;
  other = alarm(0ms, [&] { rung += 10; });
  context.run();
  CHECK(rung == 11);
}

TEST_CASE("an alarm let go of between its ringing and its call stays silent") {
  boost::asio::io_context context;
  const auto alarm = make_alarm(context.get_executor());
  std::shared_ptr<void> first;
  std::shared_ptr<void> second;
  int rung = 0;
  const auto ring = [&] {
    ++rung;
    first.reset();
    second.reset();
  };
  first = alarm(0ms, ring);
  second = alarm(0ms, ring);
  context.run();
  CHECK(rung == 1);
}
