#include "core/http/connection_pool.h"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <optional>
#include <vector>

#include "core/http/client_connection.h"

namespace foldlog::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds tick_interval{20};

}  // namespace

class connection_pool::state final : public client_connection::owner, public std::enable_shared_from_this<state> {
 public:
  state(asio::any_io_executor executor, std::string host, std::uint16_t port, connection_pool_options options)
      : executor_(std::move(executor)),
        resolver_(executor_),
        timer_(executor_),
        host_(std::move(host)),
        port_(port),
        options_(options) {}

  void send(outgoing request, incoming_handler done) {
    if (closed_ || waiting_.size() >= options_.waiting) return refuse(std::move(done), "too many requests wait for it");
    const auto until = steady_clock::now() + request.timeout;
    waiting_.push_back({std::move(request), std::move(done), until});
    serve();
    tick_later();
  }
  [[nodiscard]] std::size_t in_flight() const { return waiting_.size() + busy_.size() + streams_.size(); }
  [[nodiscard]] std::size_t connections() const { return busy_.size() + free_.size() + connecting_.size(); }

  void close() {
    closed_ = true;
    resolver_.cancel();
    timer_.cancel();
    for (auto* all : {&busy_, &free_, &connecting_, &streams_}) {
      for (const auto& one : std::exchange(*all, {})) one->close("the pool is closed");
    }
    fail_waiting("the pool is closed");
  }

 private:
  struct wanted {
    outgoing request;
    incoming_handler done;
    steady_clock::time_point until;
  };
  using list = std::vector<std::shared_ptr<client_connection>>;

  void free(client_connection& which) override {
    const auto kept = take(which);
    if (closed_ || !kept) return;
    free_.push_back(kept);
    serve();
  }
  void streams(client_connection& which) override {
    if (auto kept = take(which)) streams_.push_back(std::move(kept));
    serve();
  }
  void gone(client_connection& which) override {
    const auto kept = take(which);
    if (closed_ || !kept) return;
    if (!kept->connected()) return fail_waiting("cannot connect");  // not again at once: who sent decides
    serve();
  }

  std::shared_ptr<client_connection> take(client_connection& which) {
    for (auto* all : {&busy_, &free_, &connecting_, &streams_}) {
      const auto found = std::ranges::find(*all, &which, &std::shared_ptr<client_connection>::get);
      if (found == all->end()) continue;
      auto kept = *found;
      all->erase(found);
      return kept;
    }
    return nullptr;
  }

  // Gives what waits to free connections, the one used last first; makes more of them where that is allowed.
  void serve() {
    while (!waiting_.empty() && !free_.empty()) {
      auto next = std::move(waiting_.front());
      waiting_.pop_front();
      auto on = free_.back();
      free_.pop_back();
      busy_.push_back(on);
      on->send(host_, next.request, next.until, std::move(next.done));
    }
    while (connecting_.size() < waiting_.size() && connections() < options_.connections && !resolving_) {
      if (!address_) return resolve();
      connecting_.push_back(std::make_shared<client_connection>(executor_, weak_from_this()));
      const auto made = connecting_.back();
      made->connect(*address_, steady_clock::now() + options_.connect_timeout);
    }
  }

  void resolve() {
    boost::system::error_code failed;
    const auto literal = asio::ip::make_address(host_, failed);
    if (!failed) {
      address_ = tcp::endpoint(literal, port_);
      return serve();
    }
    resolving_ = true;
    resolver_.async_resolve(host_, std::to_string(port_),
                            [self = shared_from_this()](const auto& code, const tcp::resolver::results_type& found) {
                              self->resolving_ = false;
                              if (code || found.empty()) return self->fail_waiting("its name can't be resolved");
                              self->address_ = found.begin()->endpoint();
                              self->serve();
                            });
  }

  void refuse(incoming_handler done, std::string why) {
    asio::post(executor_, [done = std::move(done), why = std::move(why)]() mutable {
      done({.status = exchange_status::not_sent, .reason = std::move(why), .answer = {}});
    });
  }
  void fail_waiting(const std::string& why) {
    address_.reset();  // a name may lead elsewhere next time
    for (auto& each : std::exchange(waiting_, {})) refuse(std::move(each.done), why);
  }

  void tick_later() {
    if (std::exchange(ticking_, true)) return;
    timer_.expires_after(tick_interval);
    timer_.async_wait([self = shared_from_this()](const auto& failed) {
      self->ticking_ = false;
      if (!failed && !self->closed_) self->tick();
    });
  }
  void tick() {
    const auto now = steady_clock::now();
    for (auto* all : {&busy_, &connecting_}) {
      const auto copy = *all;
      for (const auto& one : copy) one->tick(now);
    }
    std::erase_if(waiting_, [&](wanted& each) {
      if (each.until > now) return false;
      refuse(std::move(each.done), "no connection was free in time");
      return true;
    });
    if (!waiting_.empty() || !busy_.empty() || !connecting_.empty()) tick_later();
  }

  asio::any_io_executor executor_;
  tcp::resolver resolver_;
  asio::steady_timer timer_;
  std::string host_;
  std::uint16_t port_;
  connection_pool_options options_;
  std::optional<tcp::endpoint> address_;
  std::deque<wanted> waiting_;
  list free_, busy_, connecting_, streams_;
  bool resolving_ = false;
  bool ticking_ = false;
  bool closed_ = false;
};

connection_pool::connection_pool(asio::any_io_executor executor, std::string host, std::uint16_t port,
                                 connection_pool_options options)
    : state_(std::make_shared<state>(std::move(executor), std::move(host), port, options)) {}
connection_pool::~connection_pool() { state_->close(); }

void connection_pool::send(outgoing request, incoming_handler done) {
  state_->send(std::move(request), std::move(done));
}
std::size_t connection_pool::in_flight() const { return state_->in_flight(); }
std::size_t connection_pool::connections() const { return state_->connections(); }

}  // namespace foldlog::http
