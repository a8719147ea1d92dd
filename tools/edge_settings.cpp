#include "tools/edge_settings.h"

#include "tools/deprecated_route.h"
#include "tools/setting_values.h"

namespace foldlog {
namespace {

using problem = std::optional<std::string>;
using text = const std::string&;

// A setting whose value is a number within the edge's options.
template <typename Integer>
setting number(std::string key, std::string help, Integer least, Integer most,
               Integer& (*of)(http::server_options& edge)) {
  return {std::move(key), std::move(help), [least, most, of](configuration& to, text value) {
            return parse_integer<Integer>(value, least, most, of(to.edge));
          }};
}

setting seconds(std::string key, std::string help, std::chrono::milliseconds& (*of)(http::server_options& edge)) {
  return {std::move(key), std::move(help), [of](configuration& to, text value) -> problem {
            std::chrono::seconds parsed{};
            if (auto wrong = parse_seconds(value, parsed)) return wrong;
            if (parsed == std::chrono::seconds::zero()) return "is no time longer than 0";
            of(to.edge) = parsed;
            return std::nullopt;
          }};
}

setting file(std::string key, std::string help, std::filesystem::path& (*of)(http::tls_files& tls)) {
  return {std::move(key), std::move(help), [of](configuration& to, text value) -> problem {
            of(to.tls) = value;
            return value.empty() ? problem("is empty") : std::nullopt;
          }};
}

problem parse_access_log(text value, bool& to) {
  to = value == "stderr";
  return to || value == "off" ? std::nullopt : problem("is neither off nor stderr");
}

}  // namespace

void add_edge_settings(std::vector<setting>& to) {
  using options = http::server_options;
  constexpr std::uint64_t rate_max = 1U << 30;
  to.insert(
      to.end(),
      {
          number<std::size_t>("request-line-bytes", "limit of a request's first line, without its CRLF", 64, 1U << 20,
                              [](options& edge) -> auto& { return edge.request_line_bytes; }),
          number<std::size_t>("header-bytes", "limit of a request's header fields, with their CRLFs", 64, 1U << 20,
                              [](options& edge) -> auto& { return edge.header_bytes; }),
          number<std::size_t>("header-fields", "limit of a request's number of header fields", 1, 10'000,
                              [](options& edge) -> auto& { return edge.header_fields; }),
          number<std::size_t>("body-bytes", "limit of a request's body", 1, 1U << 30,
                              [](options& edge) -> auto& { return edge.body_bytes; }),
          seconds("head-timeout", "for a request's head, from its first byte or the accept",
                  [](options& edge) -> auto& { return edge.head_timeout; }),
          seconds("idle-timeout", "for a connection without a request, or a stream that the client does not take",
                  [](options& edge) -> auto& { return edge.idle_timeout; }),
          seconds("body-timeout", "for a request's body, beside the time that its minimum rate gives it",
                  [](options& edge) -> auto& { return edge.body_pace.grace; }),
          number<std::uint64_t>("body-rate", "bytes a second that a request's body must come with", 1, rate_max,
                                [](options& edge) -> auto& { return edge.body_pace.rate; }),
          seconds("answer-timeout", "for an answer to be taken, beside the time that its minimum rate gives it",
                  [](options& edge) -> auto& { return edge.answer_pace.grace; }),
          number<std::uint64_t>("answer-rate", "bytes a second that an answer must be taken with", 1, rate_max,
                                [](options& edge) -> auto& { return edge.answer_pace.rate; }),
          number<std::size_t>("connections", "of a listener at once", 1, 1'000'000,
                              [](options& edge) -> auto& { return edge.connections; }),
          number<std::size_t>("connections-per-address", "of one client address (IPv6: of one /64) at once", 1,
                              1'000'000, [](options& edge) -> auto& { return edge.connections_per_address; }),
          number<std::size_t>("pipelined", "requests of one connection that are under way at once", 1, 10'000,
                              [](options& edge) -> auto& { return edge.pipelined; }),
          number<std::size_t>("gzip-bytes", "size from which JSON is compressed for those who take it; 0: never", 0,
                              1U << 30, [](options& edge) -> auto& { return edge.gzip_bytes; }),
          {"batch-commands", "limit of the commands in one batch",
           [](configuration& with, text value) {
             return parse_integer<std::size_t>(value, 1, 100'000, with.batch_commands);
           }},
          {"deprecated-routes", "METHOD PATTERN SINCE [SUNSET], …: answers carry Deprecation and Sunset",
           [](configuration& with, text value) { return parse_deprecated_routes(value, with.deprecated_routes); }},
          {"access-log", "off, or stderr: one JSON line for each answer",
           [](configuration& with, text value) { return parse_access_log(value, with.access_log); }},
          {"https", "address:port of a listener with TLS 1.3 (port 0: any)",
           [](configuration& with, text value) { return parse_address(value, with.https.emplace()); }},
          file("tls-certificate", "PEM file of the certificate and its issuers; read again on SIGHUP",
               [](http::tls_files& tls) -> auto& { return tls.certificate; }),
          file("tls-key", "PEM file of the certificate's key; read again on SIGHUP",
               [](http::tls_files& tls) -> auto& { return tls.key; }),
      });
}

std::optional<std::string> check_edge(const configuration& with) {
  const bool both = !with.tls.certificate.empty() && !with.tls.key.empty();
  if (with.https && !both) return "https: needs tls-certificate and tls-key";
  return std::nullopt;
}

}  // namespace foldlog
