#include "support/provider_gateway.h"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

using nlohmann::json;

namespace {

json chunk_of(const std::string& event) {
  return json::parse(event.substr(std::string("data: ").size()));
}

}  // namespace

TEST_CASE("the gateway counts the events that it does not pass on") {
  std::vector<std::string> events{
      R"(data: {"model":"azure/m","choices":[]})",
      R"(data: {"model":"azure/m","choices":[{"index":0,"delta":{"reasoning":"hm"}}]})",
      R"(data: {"model":"azure/m","choices":[{"index":0,"delta":{"content":"a"}}]})",
      R"(data: {"model":"azure/m","choices":[],"usage":{"total_tokens":3}})",
      "data: [DONE]\n\n",
  };
  support::pass_through_gateway(events);
  REQUIRE(events.size() == 3);
  const json content = chunk_of(events[0]);
  CHECK(content["model"] == "m");
  CHECK(content["extra_fields"]["provider"] == "azure");
  CHECK(content["extra_fields"]["chunk_index"] == 2);
  const json usage = chunk_of(events[1]);
  CHECK_FALSE(usage.contains("choices"));
  CHECK(usage["extra_fields"]["chunk_index"] == 3);
  CHECK(events[2] == "data: [DONE]\n\n");
}

TEST_CASE("the gateway passes on an error without extra fields") {
  std::vector<std::string> events{R"(data: {"error":{"message":"overloaded"}})"};
  support::pass_through_gateway(events);
  CHECK(chunk_of(events.at(0)) == json{{"error", {{"message", "overloaded"}}}});
}
