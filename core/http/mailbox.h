#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "core/http/message.h"

namespace foldlog::http {

/// Which request an answer belongs to.
struct request_address {
  std::uint32_t connection = 0;  ///< its place in the server's table
  std::uint32_t generation = 0;  ///< of that place: a later connection there is another
  std::uint64_t number = 0;      ///< within the connection
};

/// An answer on its way; without a value: the responder was dropped uncalled.
struct letter {
  request_address to;
  std::optional<response> answer;
};

/// Who gets the letters; used on the executor only.
class letter_receiver {
 public:
  virtual ~letter_receiver() = default;
  virtual void deliver(letter sent) = 0;
  /// All letters of one turn, each through `deliver`.
  virtual void deliver_all(std::vector<letter> sent) = 0;
};

/// How answers reach the server's executor from any thread: at once when the server is running on this very thread,
/// otherwise all that come together take one turn of the loop. It outlives the server, as responders do.
class mailbox : public std::enable_shared_from_this<mailbox> {
 public:
  mailbox(boost::asio::any_io_executor executor, letter_receiver& receiver)
      : executor_(std::move(executor)), receiver_(&receiver) {}

  void send(letter sent);
  /// What is sent from now on is dropped. Called on the executor, or when it is gone.
  void close();
  /// A responder that sends to this box.
  [[nodiscard]] responder make_responder(request_address to);

  /// While it lives the server runs on this thread, and letters to its box are delivered at once.
  class running {
   public:
    explicit running(mailbox& box);
    ~running();
    running(const running&) = delete;
    running& operator=(const running&) = delete;

   private:
    mailbox* before_;
  };

 private:
  void drain();

  boost::asio::any_io_executor executor_;
  letter_receiver* receiver_;  // used on the executor only
  std::mutex mutex_;
  std::vector<letter> letters_;
  bool closed_ = false;
};

}  // namespace foldlog::http
