#pragma once

#include <string>

#include "tools/configuration.h"
#include "tools/domain_set.h"

namespace foldlog {

struct tail_options {
  std::string topic;
  std::string from = "beginning";  ///< beginning, end, or a token: what comes after it
  bool follow = false;
  bool all = false;     ///< every record with its verdict, not only accepted events
  bool upcast = false;  ///< events in the newest version of their type
};

/// `foldlog tail`: records as JSON lines on stdout. Gives the exit status.
[[nodiscard]] int tail(const configuration& with, const domain_set& domains, const tail_options& options);

}  // namespace foldlog
