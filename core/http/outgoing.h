#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "core/http/message.h"

namespace foldlog::http {

/// A request to another server. Host and Content-Length are added.
struct outgoing {
  http::method method = http::method::get;
  std::string target;  ///< path and query
  std::string fields;  ///< header lines, each `Name: value\r\n`
  std::string body;
  std::chrono::milliseconds timeout{10'000};  ///< until the answer is complete (a stream: until its head is)
};

enum class exchange_status : std::uint8_t {
  answered,
  not_sent,  ///< no connection, or no room: the server has certainly not seen the request
  broken,    ///< the connection ended, or the time was up, after the request was sent: it may have had its effect
};

/// What became of it.
struct incoming {
  exchange_status status = exchange_status::not_sent;
  std::string reason;  ///< unless answered: a sentence
  /// Without the fields that belong to the connection. An answer in text/event-stream has `stream` set: it passes on
  /// what comes for as long as both sides stay.
  response answer;
};

/// Called exactly once, on the pool's executor, never from within send().
using incoming_handler = std::move_only_function<void(incoming)>;

}  // namespace foldlog::http
