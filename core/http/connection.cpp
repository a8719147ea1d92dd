#include "core/http/connection.h"

#include <fmt/format.h>

#include <boost/asio/error.hpp>
#include <exception>
#include <utility>

#include "core/http/response_writer.h"
#include "core/runtime/logging.h"

namespace foldlog::http {
namespace {

namespace asio = boost::asio;

constexpr std::size_t outbox_limit = 1U << 20;         // with more to send, nothing more is read
constexpr std::chrono::milliseconds drain_time{1000};  // for a client that still sends when we have closed

}  // namespace

connection::connection(server_state& server, transport over, request_address address, peer from)
    : server_(server),
      transport_(std::move(over)),
      address_(address),
      from_(std::move(from)),
      reader_(server.limits),
      since_(server.now),
      head_since_(server.now) {}

void connection::start() { server_.touch(*this); }

void connection::start_refused(const problem& why) {
  refuse(why);
  server_.touch(*this);
}

bool connection::takes_requests() const {
  return !closed_ && !closing_ && !input_over_ && queue_.size() < server_.options.pipelined &&
         outbox_.size() < outbox_limit;
}

void connection::pump() {
  if (closed_) return;
  const auto self = shared_from_this();
  do {
    process();
    write();
  } while (stalled_ && takes_requests());
  if (!closed_) finish();
  if (!closed_) read();
  if (streaming_ && stream_wrote_ && outbox_.empty()) {
    stream_wrote_ = false;
    call(on_drained_);
  }
}

// Takes the requests that are in the buffer.
void connection::process() {
  stalled_ = false;
  while (!input_.empty()) {
    if (closing_ || input_over_) return input_.clear();
    if (!takes_requests()) {
      stalled_ = true;
      return;
    }
    if (!reader_.head_done() && head_since_ == 0) head_since_ = server_.now;
    // RFC 9112, 2.2: an empty line before a request is passed over.
    if (!reader_.head_done() && input_.size() >= 2 && std::string_view(input_.data(), 2) == "\r\n") {
      input_.consume(2);
      continue;
    }
    const auto outcome = reader_.read(input_.data(), input_.size());
    if (outcome == request_reader::outcome::refused) return refuse(reader_.refusal());
    if (outcome == request_reader::outcome::ready) dispatch();
    input_.consume(reader_.consumed());
    if (outcome == request_reader::outcome::need_more) {
      if (reader_.head_done()) {
        head_since_ = 0;
        if (!body_pace_.running()) body_pace_.begin(server_.now);
      }
      break;
    }
    reader_.next();
    head_since_ = 0;
    body_pace_.end();
  }
  if (reader_.wants_continue() && queue_.empty() && takes_requests()) {
    outbox_.append(interim_continue);
    reader_.continue_sent();
  }
}

void connection::dispatch() {
  const auto& request = reader_.current();
  const answer_form form{.to_head = request.method == method::head,
                         .to_http_10 = reader_.facts().minor_version == 0,
                         .close = !reader_.keep_alive()};
  const auto number = queue_.push(form, request.method, reader_.facts().takes_gzip);
  if (form.close) input_over_ = true;
  if (server_.options.observe) queue_.find(number)->started = std::chrono::steady_clock::now();
  if (reader_.facts().fails_expectation) {
    return put(number, render({.kind = problem_kind::expectation_failed, .detail = "only 100-continue is known here"}));
  }
  std::string_view route;
  const auto failure = call_handler(number, route);
  if (auto* pending = queue_.find(number)) pending->route = route;
  if (answer_at_once_) {
    if (failure) log(log_level::error, "a handler failed after its answer", {{"route", route}, {"cause", *failure}});
    put(number, *std::exchange(answer_at_once_, std::nullopt));
  } else if (failure) {
    fail(number, *failure);
  }
}

// What went wrong, if anything did.
std::optional<std::string> connection::call_handler(std::uint64_t number, std::string_view& route) {
  handling_ = number;
  dropped_at_once_ = false;
  std::optional<std::string> failure;
  try {
    auto address = address_;
    address.number = number;
    route = server_.handler(reader_.current(), server_.box->make_responder(address));
    if (dropped_at_once_) failure = "the handler dropped its responder";
  } catch (const std::exception& thrown) {
    failure = thrown.what();
  } catch (...) {
    failure = "the handler threw something unknown";
  }
  handling_ = none;
  return failure;
}

void connection::refuse(const problem& why) {
  input_over_ = true;
  input_.clear();
  auto refusal = render(why);
  refusal.close = true;
  const auto number = queue_.push({});
  if (server_.options.observe) queue_.find(number)->started = std::chrono::steady_clock::now();
  put(number, std::move(refusal));
}

void connection::answer(std::uint64_t number, std::optional<response> given) {
  if (number == handling_) {
    if (given)
      answer_at_once_ = std::move(given);
    else
      dropped_at_once_ = true;
    return;
  }
  if (given)
    put(number, std::move(*given));
  else
    fail(number, "a responder was dropped uncalled");
  server_.touch(*this);
}

void connection::put(std::uint64_t number, response given) {
  auto* pending = queue_.find(number);
  if (pending == nullptr || pending->answered) return;
  pending->answered = true;
  pending->answer = std::move(given);
  server_.coder.apply(pending->answer, pending->asked, pending->takes_gzip);
  if (server_.options.observe) {
    server_.options.observe({.route = pending->route,
                             .asked = pending->asked,
                             .status = pending->answer.status,
                             .took = std::chrono::steady_clock::now() - pending->started,
                             .client = from_.address,
                             .body_bytes = pending->answer.body.size()});
  }
  settle();
}

void connection::fail(std::uint64_t number, std::string_view cause) {
  const auto* pending = queue_.find(number);
  const auto instance = fmt::format("{:016x}", server_.random());
  log(log_level::error, "a request failed",
      {{"instance", instance}, {"route", pending != nullptr ? pending->route : ""}, {"cause", cause}});
  put(number, render({.kind = problem_kind::internal,
                      .detail = "the server failed on this request",
                      .members = {},
                      .instance = instance}));
}

// Sends the answers whose turn it is.
void connection::settle() {
  while (!closing_ && !queue_.empty() && queue_.front().answered) {
    emit(queue_.front());
    if (closed_) return;
    queue_.pop();
  }
  if (closing_) queue_.clear();
}

void connection::emit(pending_answer& pending) {
  auto& answer = pending.answer;
  auto form = pending.form;
  const bool streams = answer.stream && has_body(answer, form);
  form.close = form.close || answer.close || streams || (server_.stopping && queue_.size() == 1);
  auto& tail = outbox_.tail();
  const auto before = tail.size();
  append_head(tail, answer, form, server_.common);
  outbox_.added(tail.size() - before);
  if (form.close) closing_ = true;
  stream_chunked_ = !form.to_http_10;
  if (streams) {
    begin_stream(answer);
  } else if (has_body(answer, form)) {
    outbox_.append_body(std::move(answer.body));
  }
}

void connection::write() {
  while (transport_.has_output(outbox_) && !blocked_ && !closed_) {
    boost::system::error_code error;
    const auto sent = transport_.send(outbox_, error);
    if (error == asio::error::would_block || error == asio::error::try_again) return wait_until_writable();
    if (error) return close();
    since_ = server_.now;
    answer_pace_.add(sent);
  }
  if (!blocked_) answer_pace_.end();
}

void connection::wait_until_writable() {
  blocked_ = true;
  transport_.socket().async_wait(
      asio::ip::tcp::socket::wait_write,
      [server = server_.shared_from_this(), self = shared_from_this()](const boost::system::error_code& error) {
        server->run([&] {
          self->blocked_ = false;
          if (error)
            self->close();
          else
            self->server_.touch(*self);
        });
      });
}

void connection::read() {
  const bool discards = streaming_ || shut_;
  if (reading_ || end_of_input_ || !(takes_requests() || discards)) return;
  reading_ = true;
  transport_.socket().async_read_some(transport_.room(input_),
                                      [server = server_.shared_from_this(), self = shared_from_this()](
                                          const boost::system::error_code& error, std::size_t bytes) {
                                        server->run([&] { self->on_read(error, bytes); });
                                      });
}

void connection::on_read(const boost::system::error_code& error, std::size_t bytes) {
  reading_ = false;
  if (closed_) return;
  if (error && error != asio::error::eof) return close();
  const auto before = input_.size();
  const auto what = transport_.take(bytes, input_);
  if (what == tls_session::outcome::broken) {
    write();
    return close();
  }
  if (error || what == tls_session::outcome::ended) {
    end_of_input_ = true;
    if (streaming_ || shut_) return close();
  }
  body_pace_.add(input_.size() - before);
  if (!shut_) since_ = server_.now;
  server_.touch(*this);
}

// Ends the connection when nothing is left to do on it.
void connection::finish() {
  if (!outbox_.empty() || streaming_) return;
  if (closing_ && !ended_) {
    ended_ = true;
    transport_.end();
    write();
  }
  if (closed_ || transport_.has_output(outbox_)) return;
  if (closing_ && !shut_) {
    transport_.shut_down_sending();
    shut_ = true;
    since_ = server_.now;
  }
  if (end_of_input_ && queue_.empty()) close();
}

void connection::tick() {
  const auto passed = server_.now - since_;
  if (shut_) {
    if (passed >= server_.ticks_of(drain_time)) close();
  } else if (output_is_late()) {
    close();
  } else if (input_is_late()) {
    // As if the client had ended here: what was asked before is answered.
    end_of_input_ = input_over_ = true;
    input_.clear();
    server_.touch(*this);
  } else if (!transport_.has_output(outbox_) && !streaming_ && queue_.empty() && head_since_ == 0 &&
             !body_pace_.running()) {
    if (passed >= server_.ticks_of(server_.options.idle_timeout)) close();
  }
}

bool connection::input_is_late() {
  if (end_of_input_ || input_over_) return false;
  // It is not the client that lets us wait.
  if (!reading_ || reader_.wants_continue()) {
    if (head_since_ != 0) head_since_ = server_.now;
    if (body_pace_.running()) body_pace_.begin(server_.now);
    return false;
  }
  if (head_since_ != 0) return server_.now - head_since_ >= server_.ticks_of(server_.options.head_timeout);
  const auto& limit = server_.options.body_pace;
  return body_pace_.running() && body_pace_.passed(server_.now) >= server_.ticks_of(body_pace_.allowed(limit));
}

bool connection::output_is_late() {
  if (!transport_.has_output(outbox_)) return false;
  if (streaming_) {
    answer_pace_.end();
    return server_.now - since_ >= server_.ticks_of(server_.options.idle_timeout);
  }
  if (!answer_pace_.running()) answer_pace_.begin(server_.now);
  return answer_pace_.passed(server_.now) >= server_.ticks_of(answer_pace_.allowed(server_.options.answer_pace));
}

void connection::stop() {
  input_over_ = true;
  if (streaming_) {
    end_streaming(true);
  } else if (queue_.empty() && !transport_.has_output(outbox_) && !closing_) {
    return close();
  } else if (queue_.empty()) {
    closing_ = true;
  }
  server_.touch(*this);
}

void connection::close() {
  if (std::exchange(closed_, true)) return;
  const auto self = shared_from_this();
  transport_.close();
  queue_.clear();
  outbox_.clear();
  server_.forget(*this);
  end_streaming(true);
}

}  // namespace foldlog::http
