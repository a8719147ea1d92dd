#pragma once

#include <cstdint>
#include <span>
#include <string_view>

// What the fuzzer feeds. A target takes any bytes and ends the process when a promise is broken; test/fuzz/replay.cpp
// runs all of them over the kept inputs, test/fuzz/fuzz_main.cpp hands one to libFuzzer.
namespace foldlog::fuzz {

struct target {
  std::string_view name;
  void (*run)(std::string_view bytes);
};

[[nodiscard]] std::span<const target> targets();

/// Ends the process with that sentence when it does not hold.
void expect(bool holds, std::string_view what);

/// Takes the first byte off; 0 when there is none.
[[nodiscard]] std::uint8_t take_byte(std::string_view& bytes);

void http_request(std::string_view bytes);
void http_response(std::string_view bytes);
void query_string(std::string_view bytes);
void json_text(std::string_view bytes);
void schema(std::string_view bytes);
void texts(std::string_view bytes);
void cursor(std::string_view bytes);
void batch(std::string_view bytes);
void embedded_record(std::string_view bytes);
void kafka_record(std::string_view bytes);
void configuration_file(std::string_view bytes);

}  // namespace foldlog::fuzz
