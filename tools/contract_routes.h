#pragma once

#include <memory>
#include <string>

#include "core/http/router.h"

namespace foldlog {

/// The documents as they are served. Made when all routes are known, so after the routes that serve them.
struct contract_documents {
  std::string openapi;
  std::string asyncapi;
};

/// `GET /openapi.json`, `GET /asyncapi.json`, and `GET /docs`, a page that shows both.
void add_contract_routes(http::router& to, const std::shared_ptr<const contract_documents>& documents);

}  // namespace foldlog
