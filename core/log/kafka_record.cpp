#include "core/log/kafka_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <concepts>
#include <cstring>

#include "core/base/hash.h"

namespace foldlog {
namespace {

// In the order in which they are written: a message of ours is then decoded with one comparison per header.
enum header : std::uint8_t {
  content_type,
  specversion,
  source_of,
  id,
  type_of,
  subject,
  time_of,
  command_id,
  command_hash,
  epoch,
  epoch_sequence,
  commit,
  correlation_id,
  causation_id,
  actor,
  traceparent,
  nonce,
  header_count
};
constexpr std::array<std::string_view, header_count> names{
    "content-type",     "ce_specversion", "ce_source",      "ce_id",          "ce_type",     "ce_subject",
    "ce_time",          "ce_commandid",   "ce_commandhash", "ce_epoch",       "ce_epochseq", "ce_commit",
    "ce_correlationid", "ce_causationid", "ce_actor",       "ce_traceparent", "ce_nonce"};
constexpr std::string_view json = "application/json";
constexpr std::string_view engine_prefix = "foldlog.";

std::string event_id(const record& from) {
  switch (from.kind) {
    case record_kind::event:
      return fmt::format("{}/{}", from.key, raw(from.version));
    case record_kind::claim:
      return fmt::format("claim-{:08x}", from.epoch.nonce);
    case record_kind::proof:
      return fmt::format("{}/{}", from.epoch.text(), from.epoch_sequence);
    case record_kind::refusal:
      return std::string(from.command_id);
    case record_kind::foreign:
      break;
  }
  assert(!"a foreign record is never appended");
  return {};
}

class header_writer {
 public:
  explicit header_writer(kafka_headers& into) : into_(into) { into_.list.reset(rd_kafka_headers_new(header_count)); }

  void add(header which, std::string_view value) {
    const auto name = names[which];
    rd_kafka_header_add(into_.list.get(), name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
    into_.bytes += name.size() + value.size() + 4;
  }
  void add_known(header which, std::string_view value) {
    if (!value.empty()) add(which, value);
  }

 private:
  kafka_headers& into_;
};

void write_place(header_writer& writer, const record& from) {
  std::array<char, 64> text{};
  const auto written = [&](auto end) {
    return std::string_view(text.data(), static_cast<std::size_t>(end - text.data()));
  };
  writer.add(epoch, from.epoch.text());
  writer.add(epoch_sequence, written(fmt::format_to(text.data(), "{}", from.epoch_sequence)));
  writer.add(commit, written(fmt::format_to(text.data(), "{}/{}", from.commit_index, from.commit_count)));
}

// --- reading ---

using header_values = std::array<std::string_view, header_count>;

struct found_headers {
  header_values values{};
  std::uint32_t seen = 0;

  [[nodiscard]] bool has(header which) const { return (seen >> which & 1U) != 0; }
};

std::size_t find_name(std::string_view name, std::size_t guess) {
  for (std::size_t n = 0; n < header_count; ++n) {
    const std::size_t at = (guess + n) % header_count;
    if (names[at] == name) return at;
  }
  return header_count;
}

bool gather(const rd_kafka_headers_t* headers, found_headers& found) {
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  std::size_t guess = 0;
  for (std::size_t n = 0; rd_kafka_header_get_all(headers, n, &name, &value, &size) == 0; ++n) {
    const std::size_t at = find_name(name, guess);
    if (at == header_count) continue;
    if (value == nullptr || (found.seen >> at & 1U) != 0) return false;
    found.seen |= 1U << at;
    found.values[at] = {static_cast<const char*>(value), size};
    guess = at + 1;
  }
  return true;
}

template <std::unsigned_integral Number>
bool read_number(std::string_view text, Number& number, int base = 10) {
  if (text.empty() || (base == 10 && text.size() > 1 && text[0] == '0')) return false;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return code == std::errc() && end == text.data() + text.size();
}

bool read_hex(std::string_view text, std::size_t digits, auto& number) {
  const bool lower = text.find_first_of("ABCDEF") == std::string_view::npos;
  return text.size() == digits && lower && read_number(text, number, 16);
}

bool read_commit(std::string_view text, record& into) {
  const auto slash = text.find('/');
  return slash != std::string_view::npos && read_number(text.substr(0, slash), into.commit_index) &&
         read_number(text.substr(slash + 1), into.commit_count) && into.commit_index < into.commit_count;
}

bool read_place(const found_headers& found, record& into) {
  return epoch_id::parse(found.values[epoch], into.epoch) &&
         read_number(found.values[epoch_sequence], into.epoch_sequence) && read_commit(found.values[commit], into);
}

bool read_event_id(std::string_view text, record& into) {
  const auto slash = text.rfind('/');
  std::uint64_t version = 0;
  if (slash == std::string_view::npos || text.substr(0, slash) != into.key) return false;
  if (!read_number(text.substr(slash + 1), version) || version == 0) return false;
  into.version = version_t{version};
  return true;
}

bool read_command(const found_headers& found, record& into) {
  into.command_id = found.values[command_id];
  into.correlation_id = found.values[correlation_id];
  into.causation_id = found.values[causation_id];
  into.actor = found.values[actor];
  into.traceparent = found.values[traceparent];
  return !found.has(command_hash) || read_hex(found.values[command_hash], 16, into.command_hash);
}

bool read_stream_record(const found_headers& found, record& into) {
  return !into.key.empty() && found.values[subject] == into.key && read_place(found, into) && read_command(found, into);
}

bool read_claim(const found_headers& found, const rd_kafka_message_t& message, record& into) {
  into.kind = record_kind::claim;
  into.epoch.offset = into.offset;
  return message.key == nullptr && read_hex(found.values[nonce], 8, into.epoch.nonce) &&
         found.values[id].size() == 14 && found.values[id].starts_with("claim-") &&
         found.values[id].substr(6) == found.values[nonce];
}

bool read_proof(const found_headers& found, const rd_kafka_message_t& message, record& into) {
  into.kind = record_kind::proof;
  const auto text = found.values[id];
  const auto epoch_text = found.values[epoch];
  return message.key == nullptr && read_place(found, into) && text.size() > epoch_text.size() + 1 &&
         text.starts_with(epoch_text) && text[epoch_text.size()] == '/' &&
         text.substr(epoch_text.size() + 1) == found.values[epoch_sequence];
}

bool read_headers(const rd_kafka_headers_t* headers, const rd_kafka_message_t& message, std::string_view source,
                  record& into) {
  found_headers found;
  if (headers == nullptr || message.payload == nullptr || !gather(headers, found)) return false;
  if (found.values[content_type] != json || found.values[specversion] != "1.0") return false;
  if (found.values[source_of] != source || found.values[type_of].empty()) return false;
  const auto time = parse_time(found.values[time_of]);
  if (!time) return false;
  into.time = *time;
  into.type = found.values[type_of];
  if (into.type == claim_type) return read_claim(found, message, into);
  if (into.type == proof_type) return read_proof(found, message, into);
  if (into.type == refusal_type) {
    into.kind = record_kind::refusal;
    return read_stream_record(found, into) && found.values[id] == into.command_id && !into.command_id.empty();
  }
  into.kind = record_kind::event;
  return !into.type.starts_with(engine_prefix) && read_stream_record(found, into) &&
         read_event_id(found.values[id], into);
}

}  // namespace

std::string kafka_source(std::string_view topic) {
  std::string source = "/";
  for (const char c : topic) source += c == '.' ? '/' : c;
  return source;
}

kafka_headers encode_kafka_headers(const record& from, std::string_view source) {
  kafka_headers made;
  header_writer writer(made);
  const bool of_stream = from.kind == record_kind::event || from.kind == record_kind::refusal;
  writer.add(content_type, json);
  writer.add(specversion, "1.0");
  writer.add(source_of, source);
  writer.add(id, event_id(from));
  writer.add(type_of, from.type);
  if (of_stream) writer.add(subject, from.key);
  writer.add(time_of, format_time(from.time));
  if (of_stream) writer.add_known(command_id, from.command_id);
  if (of_stream && (!from.command_id.empty() || from.command_hash != 0))
    writer.add(command_hash, hex(from.command_hash, 16));
  if (from.kind != record_kind::claim) write_place(writer, from);
  if (of_stream) {
    writer.add_known(correlation_id, from.correlation_id);
    writer.add_known(causation_id, from.causation_id);
    writer.add_known(actor, from.actor);
    writer.add_known(traceparent, from.traceparent);
  }
  if (from.kind == record_kind::claim) writer.add(nonce, hex(from.epoch.nonce, 8));
  return made;
}

std::string_view kafka_texts::keep(std::string_view text) {
  constexpr std::size_t block_bytes = std::size_t{64} << 10;
  if (text.empty()) return {};
  if (text.size() > left_) {
    left_ = std::max(block_bytes, text.size());
    free_ = blocks_.emplace_back(std::make_unique_for_overwrite<char[]>(left_)).get();
  }
  char* const copy = free_;
  std::memcpy(copy, text.data(), text.size());
  free_ += text.size();
  left_ -= text.size();
  return {copy, text.size()};
}

std::string_view kafka_texts::keep_repeated(std::string_view text) {
  if (text != last_) last_ = keep(text);
  return last_;
}

record decode_kafka_message(rd_kafka_message_t& message, std::string_view source, kafka_texts& texts) {
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_detach_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) headers = nullptr;
  const kafka_owned<rd_kafka_headers_t> owned(headers);
  return decode_kafka_record(message, headers, source, texts);
}

record decode_kafka_record(const rd_kafka_message_t& message, const rd_kafka_headers_t* headers,
                           std::string_view source, kafka_texts& texts) {
  record bare;
  bare.offset = offset_t{message.offset};
  bare.key = {static_cast<const char*>(message.key), message.key_len};
  bare.value = {static_cast<const char*>(message.payload), message.len};
  record decoded = bare;
  if (!read_headers(headers, message, source, decoded)) return bare;
  decoded.type = texts.keep_repeated(decoded.type);
  for (auto* text :
       {&decoded.command_id, &decoded.correlation_id, &decoded.causation_id, &decoded.actor, &decoded.traceparent}) {
    *text = texts.keep(*text);
  }
  return decoded;
}

}  // namespace foldlog
