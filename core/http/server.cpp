#include "core/http/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/http/connection.h"
#include "core/http/peer.h"
#include "core/http/response_writer.h"
#include "core/http/server_state.h"
#include "core/runtime/logging.h"

namespace foldlog::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;

// Those beyond the limit that are being told so.
constexpr std::size_t refused_at_once = 64;

milliseconds interval_for(const server_options& options) {
  const auto shortest =
      std::min({options.head_timeout, options.idle_timeout, options.body_pace.grace, options.answer_pace.grace});
  return std::clamp(shortest / 8, milliseconds(10), milliseconds(250));
}

request_limits limits_of(const server_options& options) {
  return {.head = {.request_line_bytes = options.request_line_bytes,
                   .header_bytes = options.header_bytes,
                   .header_fields = options.header_fields},
          .body_bytes = options.body_bytes};
}

// Accepts, keeps the table of connections, and ticks.
class listener final : public server_state, public letter_receiver {
 public:
  listener(const asio::any_io_executor& executor, server_options chosen, request_handler with)
      : server_state(std::move(chosen)), executor_(executor), acceptor_(executor), timer_(executor) {
    handler = std::move(with);
    box = std::make_shared<mailbox>(executor, *this);
    refresh_date();
  }
  ~listener() override { box->close(); }

  result<void> load_tls() {
    if (!options.tls) return {};
    auto loaded = tls_context::load(options.tls->certificate, options.tls->key);
    if (!loaded) return std::unexpected(std::move(loaded.error()));
    tls_ = std::move(*loaded);
    return {};
  }

  result<void> open() {
    if (auto loaded = load_tls(); !loaded) return loaded;
    boost::system::error_code error;
    const auto address = asio::ip::make_address(options.address, error);
    if (error) return fail(error_kind::invalid, fmt::format("{} is no IP address", options.address));
    const tcp::endpoint endpoint(address, options.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
    if (!error) port_ = acceptor_.local_endpoint(error).port();
    if (!error) return {};
    const auto kind = error == asio::error::address_in_use ? error_kind::conflict : error_kind::invalid;
    return fail(kind, fmt::format("cannot listen on {}:{}: {}", options.address, options.port, error.message()));
  }

  void begin() {
    accept();
    wait();
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::size_t under_way() {
    std::size_t sum = 0;
    each([&](const connection& one) { sum += one.under_way(); });
    return sum;
  }

  void stop(milliseconds within, std::function<void()> done) {
    if (ended_) return done();
    run([&] {
      done_.push_back(std::move(done));
      give_up_at_ = std::min(give_up_at_, now + ticks_of(within));
      if (!std::exchange(stopping, true)) {
        boost::system::error_code ignored;
        acceptor_.close(ignored);
        each([](connection& one) { one.stop(); });
      }
    });
  }

  void close_all() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    stopping = true;
    run([&] { each([](connection& one) { one.close(); }); });
  }

  void touch(connection& which) override {
    if (std::exchange(which.touched, true)) return;
    touched_.push_back(which.shared_from_this());
  }

  void forget(connection& which) override {
    const auto place = which.address().connection;
    leave(which.from());
    places_[place].taken = nullptr;
    ++places_[place].generation;
    free_.push_back(place);
    if (std::exchange(accept_waits_, false)) accept();
  }

  void deliver(letter sent) override {
    auto& place = places_[sent.to.connection];
    if (place.taken == nullptr || place.generation != sent.to.generation) return;
    const auto kept = place.taken;
    kept->answer(sent.to.number, std::move(sent.answer));
  }

  void deliver_all(std::vector<letter> sent) override {
    const auto self = shared_from_this();
    run([&] {
      for (auto& one : sent) deliver(std::move(one));
    });
  }

 private:
  struct place {
    std::shared_ptr<connection> taken;
    std::uint32_t generation = 0;
  };

  std::shared_ptr<listener> self() { return std::static_pointer_cast<listener>(shared_from_this()); }
  [[nodiscard]] std::size_t connected() const { return places_.size() - free_.size(); }

  void accept() {
    if (stopping) return;
    if (connected() >= options.connections + refused_at_once) {
      accept_waits_ = true;  // the system's queue holds the others
      return;
    }
    acceptor_.async_accept([self = self()](const boost::system::error_code& error, tcp::socket socket) {
      self->run([&] { self->on_accept(error, std::move(socket)); });
    });
  }

  void on_accept(const boost::system::error_code& error, tcp::socket socket) {
    if (stopping) return;
    if (error) {
      log(log_level::warning, "cannot accept a connection", {{"cause", error.message()}});
      accept_waits_ = true;  // out of descriptors: the next tick tries again
      return;
    }
    boost::system::error_code failed;
    socket.set_option(tcp::no_delay(true), failed);
    if (!failed) socket.non_blocking(true, failed);
    const auto endpoint = failed ? tcp::endpoint() : socket.remote_endpoint(failed);
    if (!failed) admit(std::move(socket), peer::of(endpoint.address()));
    accept();
  }

  void admit(tcp::socket socket, peer from) {
    const bool full = connected() >= options.connections;
    auto& from_there = from_[from.counted_as];
    const bool many = from_there >= options.connections_per_address;
    // To say why costs a place, and with TLS a handshake.
    if (tls_ ? full || many : from_there >= options.connections_per_address + refused_at_once) {
      if (from_there == 0) from_.erase(from.counted_as);
      return;
    }
    ++from_there;
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(places_.size()));
      places_.emplace_back();
    }
    const auto at = free_.back();
    free_.pop_back();
    const request_address address{.connection = at, .generation = places_[at].generation, .number = 0};
    auto session = tls_ ? std::make_unique<tls_session>(*tls_) : nullptr;
    const auto added =
        std::make_shared<connection>(*this, transport(std::move(socket), std::move(session)), address, std::move(from));
    places_[at].taken = added;
    if (full) {
      added->start_refused(
          {.kind = problem_kind::overloaded, .detail = "this server has as many connections as it takes"});
    } else if (many) {
      added->start_refused(
          {.kind = problem_kind::too_many_requests, .detail = "this address has as many connections as one may have"});
    } else {
      added->start();
    }
  }

  void leave(const peer& gone) {
    const auto found = from_.find(gone.counted_as);
    if (--found->second == 0) from_.erase(found);
  }

  // Pumps what this turn touched; what that touches again has its turn when the others have had theirs.
  void pump_touched() override {
    if (std::exchange(pumping_, true)) return;
    pumped_.swap(touched_);
    for (const auto& one : pumped_) {
      one->touched = false;
      one->pump();
    }
    pumped_.clear();
    pumping_ = false;
    end_when_empty();
    if (touched_.empty() || std::exchange(posted_, true)) return;
    asio::post(executor_, [self = self()] {
      self->posted_ = false;
      self->run([] {});
    });
  }

  void wait() {
    timer_.expires_after(interval);
    timer_.async_wait([self = self()](const boost::system::error_code& error) {
      if (!error) self->on_tick();
    });
  }

  void on_tick() {
    ++now;
    refresh_date();
    run([&] {
      each([](connection& one) { one.tick(); });
      if (std::exchange(accept_waits_, false)) accept();
      if (now >= give_up_at_) each([](connection& one) { one.close(); });
    });
    if (!ended_) wait();
  }

  void end_when_empty() {
    if (!stopping || ended_ || connected() > 0) return;
    ended_ = true;
    timer_.cancel();
    for (auto& done : std::exchange(done_, {})) {
      if (done) done();
    }
  }

  void refresh_date() {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    if (std::exchange(date_, seconds) != seconds) common = common_fields(seconds.time_since_epoch().count());
  }

  template <typename Action>
  void each(Action action) {
    for (std::size_t i = 0; i < places_.size(); ++i) {
      if (const auto kept = places_[i].taken) action(*kept);
    }
  }

  asio::any_io_executor executor_;
  tcp::acceptor acceptor_;
  asio::steady_timer timer_;
  std::uint16_t port_ = 0;
  std::shared_ptr<const tls_context> tls_;  // none: plain
  std::unordered_map<peer::network, std::size_t, peer::hash> from_;
  std::vector<place> places_;
  std::vector<std::uint32_t> free_;
  std::vector<std::shared_ptr<connection>> touched_;
  std::vector<std::shared_ptr<connection>> pumped_;
  std::chrono::sys_seconds date_{};
  std::vector<std::function<void()>> done_;
  ticks give_up_at_ = ~ticks{0};
  bool accept_waits_ = false;
  bool pumping_ = false;
  bool posted_ = false;
  bool ended_ = false;
};

class http_server final : public server {
 public:
  http_server(asio::any_io_executor executor, std::shared_ptr<listener> on)
      : executor_(std::move(executor)), listener_(std::move(on)) {}
  ~http_server() override {
    asio::dispatch(executor_, [on = std::move(listener_)] { on->close_all(); });
  }
  [[nodiscard]] std::uint16_t port() const override { return listener_->port(); }
  [[nodiscard]] std::size_t under_way() const override { return listener_->under_way(); }
  void stop(milliseconds within, std::function<void()> done) override {
    asio::dispatch(executor_, [on = listener_, within, done = std::move(done)] { on->stop(within, done); });
  }
  result<void> reload_tls() override { return listener_->load_tls(); }

 private:
  asio::any_io_executor executor_;
  std::shared_ptr<listener> listener_;
};

}  // namespace

server_state::server_state(server_options chosen)
    : options(std::move(chosen)),
      limits(limits_of(options)),
      interval(interval_for(options)),
      coder(options.gzip_bytes) {}

result<std::unique_ptr<server>> start_server(asio::any_io_executor on, server_options options,
                                             request_handler handler) {
  auto started = std::make_shared<listener>(on, std::move(options), std::move(handler));
  if (auto opened = started->open(); !opened) return std::unexpected(std::move(opened.error()));
  asio::dispatch(on, [started] { started->begin(); });
  return std::make_unique<http_server>(std::move(on), std::move(started));
}

}  // namespace foldlog::http
