#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "core/http/server.h"

namespace foldlog::http {

/// Keeps the responders until the test answers them.
class keeper {
 public:
  std::string_view operator()(const request& asked, responder answer) {
    const std::scoped_lock lock(mutex_);
    waiting_.emplace(std::string(asked.path), std::move(answer));
    return "/kept";
  }
  [[nodiscard]] std::size_t size() {
    const std::scoped_lock lock(mutex_);
    return waiting_.size();
  }
  responder take(const std::string& path) {
    while (true) {
      {
        const std::scoped_lock lock(mutex_);
        if (auto found = waiting_.extract(path)) return std::move(found.mapped());
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  void wait_for(std::size_t number) {
    while (size() < number) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

 private:
  std::mutex mutex_;
  std::map<std::string, responder> waiting_;
};

inline request_handler keeping(keeper& in) {
  return [&in](const request& asked, responder answer) { return in(asked, std::move(answer)); };
}

}  // namespace foldlog::http
