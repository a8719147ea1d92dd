#include "core/http/mailbox.h"

#include <boost/asio/post.hpp>
#include <cassert>
#include <utility>

namespace foldlog::http {
namespace {

thread_local mailbox* running_here = nullptr;

// What a responder is made of: it sends one letter, also when it is dropped.
class ticket {
 public:
  ticket(std::shared_ptr<mailbox> box, request_address to) : box_(std::move(box)), to_(to) {}
  ticket(ticket&& other) noexcept = default;
  ticket& operator=(ticket&& other) = delete;
  ~ticket() {
    if (box_) box_->send({to_, std::nullopt});
  }
  void operator()(response answer) {
    assert(box_ && "a responder is called once");
    if (const auto box = std::exchange(box_, nullptr)) box->send({to_, std::move(answer)});
  }

 private:
  std::shared_ptr<mailbox> box_;
  request_address to_;
};

}  // namespace

void mailbox::send(letter sent) {
  if (running_here == this) {
    if (receiver_ != nullptr) receiver_->deliver(std::move(sent));
    return;
  }
  const std::scoped_lock lock(mutex_);
  if (closed_) return;
  letters_.push_back(std::move(sent));
  if (letters_.size() == 1) {
    boost::asio::post(executor_, [self = shared_from_this()] { self->drain(); });
  }
}

void mailbox::drain() {
  std::vector<letter> taken;
  {
    const std::scoped_lock lock(mutex_);
    if (closed_) return;
    taken.swap(letters_);
  }
  receiver_->deliver_all(std::move(taken));
}

void mailbox::close() {
  std::vector<letter> dropped;
  const std::scoped_lock lock(mutex_);
  closed_ = true;
  receiver_ = nullptr;
  dropped.swap(letters_);
}

responder mailbox::make_responder(request_address to) { return ticket(shared_from_this(), to); }

mailbox::running::running(mailbox& box) : before_(std::exchange(running_here, &box)) {}
mailbox::running::~running() { running_here = before_; }

}  // namespace foldlog::http
