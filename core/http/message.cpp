#include "core/http/message.h"

#include "core/http/text.h"

namespace foldlog::http {

std::string_view name(method of) {
  switch (of) {
    case method::get:
      return "GET";
    case method::head:
      return "HEAD";
    case method::post:
      return "POST";
    case method::options:
      return "OPTIONS";
    case method::put:
      return "PUT";
    case method::patch:
      return "PATCH";
    case method::delete_:
      return "DELETE";
    case method::query:
      return "QUERY";
    case method::connect:
      return "CONNECT";
    case method::trace:
      return "TRACE";
    case method::other:
      return "";
  }
  return "";
}

std::optional<std::string_view> request::header(std::string_view wanted) const {
  for (const auto& field : headers) {
    if (equals_ignoring_case(field.name, wanted)) return field.value;
  }
  return std::nullopt;
}

std::size_t request::count(std::string_view wanted) const {
  std::size_t found = 0;
  for (const auto& field : headers) found += equals_ignoring_case(field.name, wanted) ? 1 : 0;
  return found;
}

void response::add(std::string_view name, std::string_view value) {
  fields.append(name).append(": ");
  // A value that came from elsewhere must not be able to end its line.
  for (const char c : value) {
    if (is_field_byte(c)) fields += c;
  }
  fields.append("\r\n");
}

}  // namespace foldlog::http
