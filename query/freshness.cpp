#include "query/freshness.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "core/base/planted.h"
#include "query/preference.h"

namespace foldlog::query {
namespace {

std::unexpected<http::problem> bad_token(std::string detail) {
  return std::unexpected(http::problem{.kind = http::problem_kind::invalid_token, .detail = std::move(detail)});
}

std::expected<token, http::problem> parse_token(std::string_view text) {
  if (text.empty()) return token{};
  auto parsed = token::parse(text);
  if (!parsed) return bad_token(parsed.error().text);
  return std::move(*parsed);
}

// A read that waits: for the fold or for the alarm, whichever comes first. The alarm owns it.
struct waiting_read {
  std::move_only_function<void(bool)> then;
  std::shared_ptr<void> progress_wait;
  std::shared_ptr<void> alarm_wait;

  void finish(bool fresh) {
    if (!then) return;
    const auto progress_ends = std::exchange(progress_wait, nullptr);
    const auto alarm_ends = std::exchange(alarm_wait, nullptr);
    std::exchange(then, nullptr)(fresh);
  }
};

}  // namespace

std::expected<freshness, http::problem> parse_freshness(const http::request& request,
                                                        const http::query_parameters& parameters,
                                                        std::span<const std::string> topics, std::int32_t partitions) {
  freshness asked;
  const auto in_header = request.header("Foldlog-Token");
  const auto* in_query = parameters.find("token");
  if (!in_header && in_query == nullptr) return asked;
  if (request.count("Foldlog-Token") > 1) return bad_token("'Foldlog-Token' stands more than once");
  auto wanted = parse_token(in_header ? *in_header : std::string_view(*in_query));
  if (!wanted) return std::unexpected(wanted.error());
  if (in_header && in_query != nullptr) {
    const auto other = parse_token(*in_query);
    if (!other) return std::unexpected(other.error());
    if (*other != *wanted) return bad_token("'Foldlog-Token' and 'token' differ");
  }
  for (const auto& part : wanted->positions) {
    if (std::ranges::find(topics, part.at.topic) == topics.end()) {
      return bad_token(fmt::format("'{}' is not among the topics that are read here", part.at.topic));
    }
    if (part.at.partition >= partitions) return bad_token(fmt::format("there is no partition {}", part.at.partition));
  }
  if (planted(defect::token_compared_wrongly)) {
    for (auto& part : wanted->positions) part.offset = part.offset - 1;
  }
  asked.wanted = std::move(*wanted);
  asked.wait = preferred_wait(request);
  return asked;
}

void when_fresh(const query_context& context, std::string_view domain, std::string_view view, const freshness& asked,
                std::move_only_function<void(bool)> then) {
  if (asked.wanted.positions.empty() || context.progress->reached(domain, view, asked.wanted)) return then(true);
  if (asked.wait <= std::chrono::milliseconds::zero()) return then(false);
  auto waiting = std::make_shared<waiting_read>();
  waiting->then = std::move(then);
  // Whichever thread folds says so; the read goes on where it began.
  auto reached = [weak = std::weak_ptr(waiting), executor = context.executor] {
    boost::asio::post(executor, [weak] {
      if (const auto read = weak.lock()) read->finish(true);
    });
  };
  waiting->progress_wait = context.progress->wait(domain, view, asked.wanted, std::move(reached));
  waiting->alarm_wait = context.alarm(asked.wait, [waiting] { waiting->finish(false); });
}

http::problem projection_behind(const token& reached) {
  return {.kind = http::problem_kind::projection_behind,
          .detail = "the view has not reached the token's position within the time",
          .members = fmt::format(R"(,"position":"{}")", reached.text())};
}

}  // namespace foldlog::query
