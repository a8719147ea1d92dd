#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/http/answer_queue.h"
#include "core/http/mailbox.h"
#include "core/http/outbox.h"
#include "core/http/pace.h"
#include "core/http/peer.h"
#include "core/http/read_buffer.h"
#include "core/http/request_reader.h"
#include "core/http/server_state.h"
#include "core/http/transport.h"

namespace foldlog::http {

/// One client: reads requests, hands them to the handler, sends the answers in order. Everything that happens (bytes,
/// an answer, room to write, a tick) only changes what is here and touches the connection; `pump` then does all that
/// can be done, so that what comes together is written together.
class connection : public std::enable_shared_from_this<connection> {
 public:
  connection(server_state& server, transport over, request_address address, peer from);

  /// Begins to read, or says no at once.
  void start();
  void start_refused(const problem& why);

  void pump();
  /// The answer to a request; nothing: its responder was dropped.
  void answer(std::uint64_t number, std::optional<response> given);
  void tick();
  /// The server stops: ends as soon as what is under way is answered.
  void stop();
  void close();

  // What the stream of an answer asks for.
  void stream_write(std::string_view piece);
  void stream_end();
  void stream_on_drained(std::function<void()> handler);
  void stream_on_closed(std::function<void()> handler);
  [[nodiscard]] bool streaming() const { return streaming_; }
  [[nodiscard]] std::size_t waiting() const { return outbox_.size(); }
  [[nodiscard]] std::size_t under_way() const { return queue_.size(); }

  [[nodiscard]] const request_address& address() const { return address_; }
  [[nodiscard]] const peer& from() const { return from_; }
  bool touched = false;  ///< for the server's list

 private:
  using shared_handler = std::shared_ptr<std::function<void()>>;

  [[nodiscard]] bool takes_requests() const;
  void process();
  void dispatch();
  std::optional<std::string> call_handler(std::uint64_t number, std::string_view& route);
  void refuse(const problem& why);
  void put(std::uint64_t number, response given);
  void fail(std::uint64_t number, std::string_view cause);
  void settle();
  void emit(pending_answer& pending);
  void begin_stream(response& answer);
  void end_streaming(bool tell);
  void write();
  void read();
  void on_read(const boost::system::error_code& error, std::size_t bytes);
  void wait_until_writable();
  void finish();
  [[nodiscard]] bool input_is_late();
  [[nodiscard]] bool output_is_late();
  void call(const shared_handler& handler);

  server_state& server_;
  transport transport_;
  request_address address_;
  peer from_;
  read_buffer input_;
  request_reader reader_;
  answer_queue queue_;
  outbox outbox_;

  bool reading_ = false;       // a read is under way
  bool blocked_ = false;       // waiting until the socket takes more
  bool input_over_ = false;    // no further requests are taken
  bool end_of_input_ = false;  // the client sends nothing more
  bool closing_ = false;       // what is in the outbox is the last
  bool ended_ = false;         // the last bytes are in the outbox, with TLS's
  bool shut_ = false;          // our side is shut down; the client's last bytes are drained
  bool closed_ = false;
  bool stalled_ = false;  // input waits for room in the queue or the outbox

  std::uint64_t handling_ = none;           // the request whose handler is running
  std::optional<response> answer_at_once_;  // what that handler answered before it returned
  bool dropped_at_once_ = false;

  bool streaming_ = false;
  bool stream_chunked_ = false;
  bool stream_wrote_ = false;  // something was given since the last time it was drained
  shared_handler on_drained_;
  shared_handler on_closed_;

  server_state::ticks since_ = 0;       // the last thing that happened
  server_state::ticks head_since_ = 0;  // the accept, or the first byte of a head that is not complete; 0: neither
  pace body_pace_;                      // of a body that is not complete
  pace answer_pace_;                    // of what waits to be sent

  static constexpr std::uint64_t none = ~std::uint64_t{0};
};

}  // namespace foldlog::http
