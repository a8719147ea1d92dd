#include "test/simulation/sim_stream.h"

#include <boost/asio/post.hpp>

#include "test/simulation/node.h"

namespace foldlog::test {

sim_stream::sim_stream(world& in, node& from, std::function<void(std::string)> taken, std::function<void()> ended)
    : in_(in), from_(from.alive()), taken_(std::move(taken)), ended_(std::move(ended)) {}

void sim_stream::write(std::string piece) {
  if (!ended_) return;
  untaken_ += piece;
  deliver_later();
}

void sim_stream::on_drained(std::function<void()> handler) { drained_ = std::move(handler); }

void sim_stream::on_closed(std::function<void()> handler) { closed_ = std::move(handler); }

void sim_stream::end() { tell_end(); }

void sim_stream::deliver_later() {
  if (std::exchange(due_, true)) return;
  auto wait = in_.luck.delay(4 * in_.how.network_delay);
  if (in_.fails(in_.how.faults.slow_consumer)) {
    in_.faults.add(fault::slow_consumer);
    wait += in_.luck.delay(500 * in_.how.network_delay);
  }
  in_.time.after(wait, [self = shared_from_this()] {
    self->due_ = false;
    self->deliver();
  });
}

void sim_stream::deliver() {
  if (!ended_) return;
  if (in_.fails(in_.how.faults.broken_stream)) {
    in_.faults.add(fault::stream_broken);
    return leave();
  }
  const auto whole = untaken_.size();
  const auto count = in_.luck.one_in(3) ? in_.luck.below(whole + 1) : whole;
  auto piece = untaken_.substr(0, count);
  untaken_.erase(0, count);
  taken_(std::move(piece));
  if (!untaken_.empty()) return deliver_later();
  if (*from_ == nullptr || !drained_) return;
  boost::asio::post((*from_)->context(), [self = shared_from_this()] {
    if (self->drained_) self->drained_();
  });
  (*from_)->turn_soon();
}

void sim_stream::leave() {
  if (!ended_) return;
  if (!untaken_.empty()) taken_(untaken_.substr(0, in_.luck.below(untaken_.size())));
  tell_end();
  if (*from_ == nullptr) return;
  boost::asio::post((*from_)->context(), [self = shared_from_this()] {
    self->drained_ = nullptr;
    if (const auto closed = std::exchange(self->closed_, nullptr)) closed();
  });
  (*from_)->turn_soon();
}

void sim_stream::lose_node() {
  drained_ = nullptr;
  closed_ = nullptr;
  tell_end();
}

void sim_stream::tell_end() {
  taken_ = nullptr;
  if (auto ended = std::exchange(ended_, nullptr)) in_.time.after(in_.luck.delay(in_.how.network_delay), ended);
}

}  // namespace foldlog::test
