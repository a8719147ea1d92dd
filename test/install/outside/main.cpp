#include "counter.h"
#include "tally_schemas.h"
#include "tools/application.h"

int main(int argc, char** argv) {
  foldlog::application app;
  app.add(foldlog::domain("tally")
              .with_schemas(foldlog::tally::schemas())
              .with_category<tally::counter>()
              .with_view<tally::counters>());
  return app.run(argc, argv);
}
