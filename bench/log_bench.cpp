// How fast is the embedded log? Its rival in the same run: the same bytes written and synced to a bare file.
//
//     log_bench [folder [records]]
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <mutex>
#include <thread>

#include "core/log/embedded_log.h"
#include "core/log/record_codec.h"

using namespace foldlog;
using steady = std::chrono::steady_clock;

namespace {

constexpr std::int32_t partitions = 8;

/// What this thread (or the process) has computed so far, in seconds: on a busy machine it says more than the clock.
double cpu_seconds(clockid_t of) {
  timespec time{};
  ::clock_gettime(of, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double seconds_since(steady::time_point begin) { return std::chrono::duration<double>(steady::now() - begin).count(); }

[[noreturn]] void give_up(std::string_view why) {
  fmt::print(stderr, "log_bench: {}\n", why);
  std::exit(1);
}

record sample(std::string_view key, std::string_view value) {
  record event;
  event.kind = record_kind::event;
  event.time = timestamp{std::chrono::microseconds(1'795'253'400'123'456)};
  event.key = key;
  event.type = "bank.DepositMade.v1";
  event.value = value;
  event.version = version_t{17};
  event.epoch = {offset_t{1184}, 0x9f3c2a71};
  event.command_id = "0190f3c2-7a11-7c3d-9b2e-5d1f00aa17c4";
  event.correlation_id = event.command_id;
  return event;
}

const record event = sample("account-000017", R"({"amount":1200,"balance":481200,"reference":"invoice 2026-4711"})");

void print_machine(const std::filesystem::path& folder) {
  utsname machine{};
  ::uname(&machine);
  std::string bytes;
  encode_record(bytes, event);
  fmt::print("{} {}, {} cores, folder {}, a record has {} bytes, every append is synced (fdatasync)\n", machine.sysname,
             machine.release, std::thread::hardware_concurrency(), folder.string(), bytes.size());
}

double median(std::vector<double>& values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

/// Microseconds of a write of one record and its fdatasync, to a file that grows.
double bare_write(const std::filesystem::path& folder) {
  std::string bytes;
  encode_record(bytes, event);
  const auto path = folder / "bare";
  const int file = ::open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) give_up("the folder cannot be written");
  (void)!::fallocate(file, FALLOC_FL_KEEP_SIZE, 0, 64 << 20);
  std::vector<double> times;
  for (int n = 0; n < 2000; ++n) {
    const auto begin = steady::now();
    if (::write(file, bytes.data(), bytes.size()) < 0 || ::fdatasync(file) != 0) give_up("a bare write failed");
    times.push_back(seconds_since(begin) * 1e6);
  }
  ::close(file);
  std::filesystem::remove(path);
  return median(times);
}

/// A context with a thread that runs it: the one on which handlers are called.
class handler_thread {
 public:
  ~handler_thread() {
    context_.stop();
    thread_.join();
  }
  boost::asio::any_io_executor executor() { return context_.get_executor(); }

 private:
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_ =
      boost::asio::make_work_guard(context_);
  std::thread thread_{[this] { context_.run(); }};
};

/// Keeps so many appends outstanding, from the handlers themselves: one submitting thread.
class load {
 public:
  load(event_log& log, std::size_t total) : log_(log), total_(total) {}
  double run(std::size_t outstanding, const boost::asio::any_io_executor& executor) {
    const auto begin = steady::now();
    boost::asio::post(executor, [this, outstanding] {
      for (std::size_t n = 0; n < outstanding; ++n) submit();
    });
    std::unique_lock lock(mutex_);
    finished_.wait(lock, [this] { return completed_ == total_; });
    return seconds_since(begin);
  }

 private:
  void submit() {
    if (submitted_ == total_) return;
    const auto partition = static_cast<std::int32_t>(submitted_++ % partitions);
    log_.append({0, partition}, std::span(&event, 1), [this](const append_result& result) {
      if (result.status != append_status::acknowledged) give_up(result.error.text);
      submit();
      if (++completed_local_ < total_) return;
      const std::scoped_lock lock(mutex_);
      completed_ = total_;
      finished_.notify_one();
    });
  }

  event_log& log_;
  std::size_t total_;
  std::size_t submitted_ = 0;
  std::size_t completed_local_ = 0;
  std::mutex mutex_;
  std::condition_variable finished_;
  std::size_t completed_ = 0;
};

void measure_appends(event_log& log, const boost::asio::any_io_executor& executor, double bare_us) {
  for (const auto& [outstanding, total] :
       {std::pair<std::size_t, std::size_t>{1, 5000}, {8, 40'000}, {64, 300'000}, {512, 600'000}}) {
    load appends(log, total);
    const double cpu_begin = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
    const double seconds = appends.run(outstanding, executor);
    const double cpu_each = (cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_begin) / static_cast<double>(total) * 1e6;
    const double each = seconds / static_cast<double>(total) * 1e6;
    fmt::print(
        "append, {:3} outstanding: {:8.0f}/s, {:6.1f} us each ({:.2f} of a bare write and fdatasync), {:.1f} us of "
        "CPU\n",
        outstanding, static_cast<double>(total) / seconds, each, each / bare_us, cpu_each);
  }
}

void measure_reading(event_log& log, std::string_view what) {
  std::vector<event_log::start> starts;
  std::int64_t expected = 0;
  for (std::int32_t partition = 0; partition < partitions; ++partition) {
    starts.push_back({{0, partition}, offset_t{0}});
    expected += raw(*log.query_end_offset({0, partition}));
  }
  const auto reader = log.open_reader(starts, [] {});
  record_batch batch;
  std::int64_t found = 0;
  const auto begin = steady::now();
  const double cpu_begin = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
  do {
    if (const auto read = reader->read(batch, {}); !read) give_up(read.error().text);
    for (const auto& item : batch.items) {
      if (item.record.value != event.value) give_up("a record differs from what was written");
    }
    found += static_cast<std::int64_t>(batch.items.size());
  } while (!batch.items.empty());
  if (found != expected) give_up("records are missing");
  const double seconds = seconds_since(begin);
  const double millions = static_cast<double>(found) / 1e6;
  fmt::print("read, one thread, {}: {} records, {:.2f} M/s, {:.2f} M per second of its own CPU time\n", what, found,
             millions / seconds, millions / (cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - cpu_begin));
}

void fill(event_log& log, const boost::asio::any_io_executor& executor, std::size_t total) {
  load appends(log, total);
  (void)appends.run(4096, executor);
}

}  // namespace

int main(int count, char** arguments) {
  const std::filesystem::path folder = count > 1 ? arguments[1] : "log_bench.data";
  const std::size_t records = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 2'000'000;
  std::filesystem::create_directories(folder);
  print_machine(folder);
  const double bare_us = bare_write(folder);
  fmt::print("bare write and fdatasync: {:.1f} us\n", bare_us);

  handler_thread handlers;
  log_options options;
  options.data = folder;
  options.topics = {"bank.account"};
  options.partitions = partitions;
  {
    auto log = open_embedded_log(options, handlers.executor());
    if (!log) give_up(log.error().text);
    measure_appends(**log, handlers.executor(), bare_us);
    fill(**log, handlers.executor(), records);
    measure_reading(**log, "partly from memory");
    (*log)->close();
  }
  auto log = open_embedded_log(options, handlers.executor());
  if (!log) give_up(log.error().text);
  measure_reading(**log, "from tables");
  (*log)->close();
  log->reset();
  std::filesystem::remove_all(folder);
}
