// The part of a connection that sends an answer in pieces.
#include <exception>
#include <utility>

#include "core/http/connection.h"
#include "core/http/response_writer.h"
#include "core/runtime/logging.h"

namespace foldlog::http {
namespace {

class connection_stream final : public body_stream {
 public:
  explicit connection_stream(std::weak_ptr<connection> on) : on_(std::move(on)) {}

  void write(std::string piece) override {
    if (const auto open = connected()) open->stream_write(piece);
  }
  [[nodiscard]] std::size_t waiting() const override {
    const auto open = connected();
    return open ? open->waiting() : 0;
  }
  void on_drained(std::function<void()> handler) override {
    if (const auto open = connected()) open->stream_on_drained(std::move(handler));
  }
  void on_closed(std::function<void()> handler) override {
    if (const auto open = connected())
      open->stream_on_closed(std::move(handler));
    else if (!ended_)
      handler();
  }
  void end() override {
    if (const auto open = connected()) open->stream_end();
    ended_ = true;
  }

 private:
  [[nodiscard]] std::shared_ptr<connection> connected() const {
    auto open = on_.lock();
    return open && open->streaming() ? std::move(open) : nullptr;
  }

  std::weak_ptr<connection> on_;
  bool ended_ = false;
};

}  // namespace

void connection::begin_stream(response& answer) {
  streaming_ = true;
  input_over_ = true;
  if (!answer.body.empty()) stream_write(answer.body);
  const auto begin = std::move(answer.stream);  // closing drops the answer
  try {
    begin(std::make_shared<connection_stream>(weak_from_this()));
  } catch (const std::exception& thrown) {
    log(log_level::error, "a stream failed", {{"cause", thrown.what()}});
    close();
  }
}

void connection::stream_write(std::string_view piece) {
  if (!streaming_) return;
  stream_wrote_ = true;
  if (!piece.empty()) {
    auto& tail = outbox_.tail();
    const auto before = tail.size();
    stream_chunked_ ? append_chunk(tail, piece) : static_cast<void>(tail.append(piece));
    outbox_.added(tail.size() - before);
  }
  server_.touch(*this);
}

void connection::stream_end() {
  end_streaming(false);
  server_.touch(*this);
}

void connection::stream_on_drained(std::function<void()> handler) {
  on_drained_ = std::make_shared<std::function<void()>>(std::move(handler));
}

void connection::stream_on_closed(std::function<void()> handler) {
  on_closed_ = std::make_shared<std::function<void()>>(std::move(handler));
}

// `tell`: the one who writes has not ended it himself.
void connection::end_streaming(bool tell) {
  if (!std::exchange(streaming_, false)) return;
  if (stream_chunked_ && !closed_) outbox_.append(last_chunk);
  on_drained_.reset();
  const auto handler = std::exchange(on_closed_, nullptr);
  if (tell) call(handler);
}

void connection::call(const shared_handler& handler) {
  // NOLINTNEXTLINE(performance-unnecessary-copy-initialization): it may be replaced while it runs.
  const auto kept = handler;
  if (!kept || !*kept) return;
  try {
    (*kept)();
  } catch (const std::exception& thrown) {
    log(log_level::error, "a stream failed", {{"cause", thrown.what()}});
    close();
  }
}

}  // namespace foldlog::http
