#include "core/http/client_connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <cstring>
#include <set>

#include "core/http/text.h"

namespace foldlog::http {
namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;
using std::chrono::steady_clock;

constexpr std::size_t body_bytes_max = 64U << 20;
constexpr std::size_t stream_backlog = 256U << 10;  // with more that the client has not taken, nothing more is read
constexpr const char* event_stream = "text/event-stream";

bool belongs_to_connection(std::string_view name) {
  static constexpr std::array<std::string_view, 9> names{"Connection",       "Keep-Alive", "Transfer-Encoding",
                                                         "Content-Length",   "Trailer",    "Upgrade",
                                                         "Proxy-Connection", "Date",       "Server"};
  return std::ranges::any_of(names, [&](std::string_view each) { return equals_ignoring_case(each, name); });
}

// A response's type is a constant: of the few that there are, each is kept once.
std::string_view kept_type(std::string_view type) {
  static std::set<std::string, std::less<>> kept;
  if (type.empty()) return {};
  const auto found = kept.find(type);
  if (found != kept.end()) return *found;
  return kept.size() < 64 ? std::string_view(*kept.emplace(type).first) : std::string_view("application/octet-stream");
}

std::string_view view_of(boost::beast::string_view text) { return {text.data(), text.size()}; }

response head_of(const beast_http::response<beast_http::string_body>& from) {
  response answer;
  answer.status = static_cast<int>(from.result_int());
  for (const auto& field : from) {
    const auto name = view_of(field.name_string());
    if (equals_ignoring_case(name, "Content-Type"))
      answer.content_type = kept_type(view_of(field.value()));
    else if (!belongs_to_connection(name))
      answer.add(name, view_of(field.value()));
  }
  return answer;
}

}  // namespace

client_connection::client_connection(const asio::any_io_executor& executor, std::weak_ptr<owner> of)
    : socket_(executor), owner_(std::move(of)) {}

void client_connection::connect(const asio::ip::tcp::endpoint& to, steady_clock::time_point until) {
  until_ = until;
  socket_.async_connect(to, [self = shared_from_this()](const boost::system::error_code& failed) {
    if (self->closed_) return;
    boost::system::error_code code = failed;
    if (!code) self->socket_.set_option(asio::ip::tcp::no_delay(true), code);
    if (!code) self->socket_.non_blocking(true, code);
    if (code) return self->close(code.message());
    self->connected_ = true;
    self->until_ = steady_clock::time_point::max();
    self->read();
    if (const auto of = self->owner_.lock()) of->free(*self);
  });
}

void client_connection::send(const std::string& host, const outgoing& request, steady_clock::time_point until,
                             incoming_handler done) {
  done_ = std::move(done);
  until_ = until;
  out_.clear();
  sent_ = 0;
  fmt::format_to(std::back_inserter(out_), "{} {} HTTP/1.1\r\nHost: {}\r\n", name(request.method), request.target,
                 host);
  out_ += request.fields;
  if (!request.body.empty() || request.method == method::post)
    fmt::format_to(std::back_inserter(out_), "Content-Length: {}\r\n", request.body.size());
  out_ += "\r\n";
  out_ += request.body;
  parser_.emplace();
  parser_->eager(true);
  parser_->body_limit(body_bytes_max);
  if (request.method == method::head) parser_->skip(true);
  write();
}

void client_connection::write() {
  boost::system::error_code code;
  while (sent_ < out_.size()) {
    const auto count = socket_.write_some(asio::buffer(out_.data() + sent_, out_.size() - sent_), code);
    if (code == asio::error::would_block || code == asio::error::try_again) {
      socket_.async_wait(asio::ip::tcp::socket::wait_write, [self = shared_from_this()](const auto& failed) {
        if (!failed && !self->closed_) self->write();
      });
      return;
    }
    if (code) return close(code.message());
    sent_ += count;
  }
}

void client_connection::read() {
  if (reading_ || closed_) return;
  reading_ = true;
  socket_.async_read_some(
      asio::buffer(buffer_.data() + held_, buffer_.size() - held_),
      [self = shared_from_this()](const boost::system::error_code& failed, std::size_t bytes) {
        self->reading_ = false;
        if (self->closed_) return;
        if (!failed) return self->took(std::exchange(self->held_, 0) + bytes);
        // A body may end with the connection. Of nothing at all put_eof() makes a whole answer: 200, without a body.
        if (self->parser_ && failed == asio::error::eof && self->parser_->is_header_done()) {
          boost::system::error_code code;
          self->parser_->put_eof(code);
          if (!code && self->parser_->is_done()) {
            self->keep_ = false;
            self->streaming_ ? self->pass_on() : self->complete();
            return;
          }
        }
        self->close(failed == asio::error::eof ? "the server closed the connection" : failed.message());
      });
}

void client_connection::took(std::size_t bytes) {
  if (!parser_) return close("the server sent what nobody asked for");
  if (!feed(bytes)) return;
  if (!streaming_ && parser_->is_header_done() && parser_->get()[beast_http::field::content_type] == event_stream)
    return begin_stream();
  if (streaming_) return pass_on();
  if (parser_->is_done()) return complete();
  read();
}

// Gives the parser what came; false when that ended the connection.
bool client_connection::feed(std::size_t bytes) {
  std::size_t at = 0;
  while (at < bytes && !parser_->is_done()) {
    boost::system::error_code code;
    const auto used = parser_->put(asio::buffer(buffer_.data() + at, bytes - at), code);
    at += used;
    if (code && code != beast_http::error::need_more) {
      close("its answer is no HTTP: " + code.message());
      return false;
    }
    if (used == 0 && code == beast_http::error::need_more) {
      // The parser wants these bytes again, together with more.
      held_ = bytes - at;
      if (held_ == buffer_.size()) return close("its answer's head is too long"), false;
      std::memmove(buffer_.data(), buffer_.data() + at, held_);
      break;
    }
  }
  return true;
}

void client_connection::complete() {
  incoming outcome{.status = exchange_status::answered, .reason = {}, .answer = head_of(parser_->get())};
  outcome.answer.body = std::move(parser_->get().body());
  keep_ = keep_ && parser_->keep_alive();
  parser_.reset();
  until_ = steady_clock::time_point::max();
  const auto self = shared_from_this();
  finish(std::move(outcome));
  if (closed_) return;
  if (!keep_) return close("the server closes it");
  read();
  if (const auto of = owner_.lock()) of->free(*this);
}

void client_connection::finish(incoming outcome) {
  if (auto done = std::exchange(done_, nullptr)) done(std::move(outcome));
}

void client_connection::close(std::string_view why) {
  if (std::exchange(closed_, true)) return;
  const auto self = shared_from_this();
  boost::system::error_code ignored;
  socket_.close(ignored);
  if (const auto of = owner_.lock()) of->gone(*this);
  const bool sent = sent_ > 0;
  finish(
      {.status = sent ? exchange_status::broken : exchange_status::not_sent, .reason = std::string(why), .answer = {}});
  if (const auto stream = std::exchange(stream_, nullptr)) stream->end();
}

void client_connection::tick(steady_clock::time_point now) {
  if (now >= until_) close(connected_ ? "no answer in time" : "no connection in time");
}

// ---- an answer that goes on

void client_connection::begin_stream() {
  streaming_ = true;
  parser_->body_limit(boost::none);
  until_ = steady_clock::time_point::max();
  const auto self = shared_from_this();
  if (const auto of = owner_.lock()) of->streams(*this);
  incoming outcome{.status = exchange_status::answered, .reason = {}, .answer = head_of(parser_->get())};
  // Whoever does not want the stream drops this, and the connection with it.
  const auto guard = std::shared_ptr<void>(nullptr, [weak = weak_from_this()](void*) {
    const auto open = weak.lock();
    if (open && !open->stream_) open->close("nobody reads it");
  });
  outcome.answer.stream = [weak = std::weak_ptr(self), guard](std::shared_ptr<body_stream> to) {
    const auto open = weak.lock();
    if (!open || open->closed_) return to->end();
    open->stream_ = std::move(to);
    open->stream_->on_closed([weak] {
      if (const auto left = weak.lock()) left->stream_.reset(), left->close("the reader has left");
    });
    open->stream_->on_drained([weak] {
      if (const auto more = weak.lock()) more->pass_on();
    });
    open->pass_on();
  };
  finish(std::move(outcome));
}

void client_connection::pass_on() {
  if (closed_ || !stream_) return;
  auto& body = parser_->get().body();
  if (!body.empty()) stream_->write(std::exchange(body, {}));
  if (closed_ || !stream_) return;
  if (parser_->is_done()) return close("the stream is over");
  if (stream_->waiting() < stream_backlog) read();
}

}  // namespace foldlog::http
