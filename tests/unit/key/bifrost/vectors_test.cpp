// Requests as a Bifrost gateway answered them, one a line: its key and the bytes it hashed, or the error of its
// rejection.
#include <libcache/key.h>

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support/paths.h"

using namespace libcache;
using nlohmann::json;

namespace {

BifrostForm form_of(const std::string& name) {
  if (name == "core") return BifrostForm::core;
  if (name == "chat") return BifrostForm::chat;
  if (name == "text") return BifrostForm::text;
  if (name == "embeddings") return BifrostForm::embeddings;
  REQUIRE(name == "speech");
  return BifrostForm::speech;
}

KeyOptions options_of(const json& vector) {
  KeyOptions options = KeyOptions::bifrost();
  options.prefix = vector["prefix"];
  options.session = vector["session"];
  options.by_model = vector["by_model"];
  options.by_provider = vector["by_provider"];
  return options;
}

void check(const json& vector, BifrostForm form) {
  KeyOptions options = options_of(vector);
  options.form = form;
  auto deriver = KeyDeriver::create(options);
  REQUIRE(deriver);
  const auto key = deriver->derive(vector["request"].get<std::string>());
  if (vector.contains("error")) {
    REQUIRE_FALSE(key);
    CHECK(key.error().code == ErrorCode::invalid);
    return;
  }
  REQUIRE(key);
  CHECK(key->canonical == vector["preimage"].get<std::string>());
  CHECK(key->base == vector["key"].get<std::string>());
  CHECK(is_of_session(key->stream_name + "12", deriver->options()));
}

}  // namespace

TEST_CASE("every Bifrost vector has its key and hashed bytes, or is rejected, whether its form is given or detected") {
  std::ifstream file(LLMCACHE_TEST_DATA "/golden/keys/bifrost-keys.jsonl");
  std::size_t count = 0;
  for (std::string line; std::getline(file, line); ++count) {
    INFO(line);
    const json vector = json::parse(line);
    check(vector, form_of(vector["form"]));
    check(vector, BifrostForm::detect);
  }
  CHECK(count == 300);
}
