#include "test/projections/fixture.h"

#include <stdlib.h>

#include <stdexcept>

namespace foldlog::test {

scratch_folder::scratch_folder() {
  auto name = (std::filesystem::temp_directory_path() / "foldlog-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder can be made");
  path_ = name;
}

progress::entry entry_of(const progress& from, std::string_view view, std::int32_t partition) {
  for (const auto& entry : from.entries()) {
    if (entry.view == view && entry.at.partition == partition) return entry;
  }
  throw std::out_of_range("no such view in progress");
}

void fold_to_end(runner& running) {
  for (;;) {
    const auto done = running.fold_some();
    if (!done) throw std::runtime_error(done.error().text);
    if (done->caught_up) return;
  }
}

void bank_world::fold_all(const projection_list& projections) {
  progress = std::make_unique<foldlog::progress>();
  runner running(log, *store, projections, *progress, clock);
  fold_to_end(running);
}

}  // namespace foldlog::test
