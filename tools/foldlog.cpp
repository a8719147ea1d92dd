#include "tools/application.h"
#include "tools/bank_domain.h"

int main(int argc, char** argv) {
  foldlog::application app;
  app.add(foldlog::bank::domain());
  return app.run(argc, argv);
}
