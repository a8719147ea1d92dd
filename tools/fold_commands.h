#pragma once

#include <filesystem>
#include <string>

#include "tools/configuration.h"
#include "tools/domain_set.h"

namespace foldlog {

struct replay_command {
  std::filesystem::path into;
  std::string domain;    ///< empty: all
  unsigned threads = 0;  ///< 0: as many as cores
  std::string to;        ///< a token; empty: the end
  bool json = false;
};
/// `foldlog replay`: folds all views from offset zero into an empty folder. Gives the exit status.
[[nodiscard]] int replay_views(const configuration& with, const domain_set& domains, const replay_command& options);

struct verify_command {
  std::filesystem::path views;  ///< empty: the log alone
  bool json = false;
};
/// `foldlog verify`: reads the whole log and, when asked, compares a view store with a fresh fold.
[[nodiscard]] int verify(const configuration& with, const domain_set& domains, const verify_command& options);

struct dump_command {
  std::filesystem::path views;
  std::string view;  ///< empty: all
};
/// `foldlog dump`: rows as JSON lines.
[[nodiscard]] int dump(const dump_command& options);

}  // namespace foldlog
