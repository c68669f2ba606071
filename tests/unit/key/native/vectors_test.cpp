// The published vectors of the native scheme. Each line is a request with its options, and its key, canonical text and
// proof, or why it is rejected.
#include <libcache/key.h>

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/hex.h"
#include "support/paths.h"

using namespace libcache;
using internal::to_hex;
using nlohmann::json;

namespace {

std::string decode_base64(std::string_view text) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned bits = 0;
  int count = 0;
  for (const char character : text.substr(0, text.find('='))) {
    bits = bits << 6 | static_cast<unsigned>(kAlphabet.find(character));
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xFF);
  }
  return bytes;
}

std::string request_of(const json& vector) {
  if (vector.contains("request")) return vector["request"];
  return decode_base64(vector["request_base64"].get<std::string>());
}

KeyOptions options_of(const json& vector) {
  KeyOptions options;
  options.prefix = vector["prefix"];
  options.session = vector["session"];
  options.sample = vector["sample"];
  options.endpoint = vector.value("endpoint", "");
  options.ignore = vector.value("ignore", std::vector<std::string>());
  options.by_model = vector.value("by_model", true);
  options.by_provider = vector.value("by_provider", true);
  if (vector.contains("provider")) options.provider = vector["provider"];
  return options;
}

void check(const json& vector) {
  auto deriver = KeyDeriver::create(options_of(vector));
  REQUIRE(deriver);
  const auto key = deriver->derive(request_of(vector));
  if (vector.contains("reject")) {
    REQUIRE_FALSE(key);
    CHECK(key.error().code == ErrorCode::invalid);
    return;
  }
  REQUIRE(key);
  CHECK(key->canonical == vector["canonical"].get<std::string>());
  CHECK(key->response_name == vector["key"].get<std::string>());
  CHECK(key->endpoint == vector.value("endpoint_normal", ""));
  CHECK(to_hex(key->proof()) == vector["proof"].get<std::string>());
  CHECK(is_of_session(key->response_name, deriver->options()));
  CHECK(is_of_session(key->stream_name, deriver->options()));
}

}  // namespace

TEST_CASE("every native vector has its key, canonical text, endpoint and proof, or is rejected") {
  std::ifstream file(LLMCACHE_TEST_DATA "/golden/keys/native-keys.jsonl");
  std::size_t count = 0;
  for (std::string line; std::getline(file, line); ++count) {
    INFO(line);
    check(json::parse(line));
  }
  CHECK(count == 302);
}
