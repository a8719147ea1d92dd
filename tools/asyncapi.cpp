#include <fmt/format.h>

#include "contract_texts.h"
#include "schemas/json.h"
#include "tools/contract.h"

namespace foldlog {
namespace {

// The engine's own records may stand in every topic.
constexpr std::string_view engine_types[] = {"foldlog.PartitionClaimed.v1", "foldlog.OwnershipProved.v1",
                                             "foldlog.CommandRefused.v1"};

class asyncapi {
 public:
  explicit asyncapi(const contract_source& from)
      : from_(from), template_(parse_template(parser_, contracts::asyncapi_json)) {}

  std::string make() {
    std::string text = "{";
    for (const auto [name, value] : template_.members()) {
      if (name == "x-event") continue;
      if (text.size() > 1) text += ',';
      json::append_string(text, name);
      text += ':';
      if (name == "channels" || name == "operations") {
        text += for_each_topic(name == "operations" ? "send-" : "", text_of(value));
      } else if (name == "components") {
        text += components(value);
      } else {
        text += text_of(value);
      }
      if (name == "info" && from_.log.starts_with("kafka:")) text += servers();
    }
    return text + '}';
  }

 private:
  [[nodiscard]] std::string servers() const {
    std::string text = R"(,"servers":{)";
    std::string_view rest = std::string_view(from_.log).substr(6);
    for (int at = 0; !rest.empty(); ++at) {
      const auto host = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(host.size() + 1, rest.size()));
      text += fmt::format(R"({}"broker-{}":{{"host":"{}","protocol":"kafka"}})", at > 0 ? "," : "", at, host);
    }
    return text + '}';
  }

  [[nodiscard]] std::string for_each_topic(std::string_view before, const std::string& part) const {
    std::string text = "{";
    for (const auto& domain : from_.domains.all()) {
      for (const auto& category : domain.categories()) {
        const auto topic = fmt::format("{}.{}", category->domain(), category->name());
        if (text.size() > 1) text += ',';
        text += fmt::format("\"{}{}\":", before, topic);
        text += put_words(part, {{"topic", topic},
                                 {"domain", std::string(category->domain())},
                                 {"category", std::string(category->name())},
                                 {"channel_messages", messages_of(*category)},
                                 {"partitions", std::to_string(from_.partitions)},
                                 {"replicas", std::to_string(from_.replicas)}});
      }
    }
    return text + '}';
  }

  static std::string messages_of(const category& of) {
    std::string text = "{";
    const auto add = [&text](std::string_view type) {
      text += fmt::format(R"({}"{}":{{"$ref":"#/components/messages/{}"}})", text.size() > 1 ? "," : "", type, type);
    };
    for (const auto& type : of.event_types()) add(type);
    for (const auto type : engine_types) add(type);
    return text + '}';
  }

  std::string components(json::element known) {
    std::string text = "{";
    for (const auto [name, value] : known.members()) {
      if (text.size() > 1) text += ',';
      text += fmt::format("\"{}\":", name);
      auto part = text_of(value);
      part.pop_back();
      name == "schemas" ? append_schemas(part, from_.domains, text) : append_events(part);
      text += part + '}';
    }
    return text + '}';
  }

  void append_events(std::string& out) const {
    const auto event = template_.find("x-event");
    if (!event) return;
    for (const auto& domain : from_.domains.all()) {
      for (const auto& category : domain.categories()) {
        for (const auto& type : category->event_types()) {
          const auto first = type.find('.') + 1;
          out += fmt::format(",\"{}\":", type);
          out += put_words(text_of(*event), {{"event_type", type},
                                             {"event", type.substr(first, type.rfind('.') - first)},
                                             {"event_schema", event_component(from_.domains, type)},
                                             {"domain", std::string(category->domain())},
                                             {"category", std::string(category->name())}});
        }
      }
    }
  }

  const contract_source& from_;
  json::parser parser_;
  json::element template_;
};

}  // namespace

std::string make_asyncapi(const contract_source& from) { return asyncapi(from).make(); }

}  // namespace foldlog
