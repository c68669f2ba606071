// For precompiled headers only: JSON as many tests use it. No file includes this one.
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace libcache::test {

// Never called: it makes clang keep these instantiations with the precompiled header.
inline std::string instantiate_json(const std::string& string, std::string_view view) {
  nlohmann::json json = nlohmann::json::parse(string);
  CHECK(json == nlohmann::json::parse(view));
  return json.dump(2);
}

}  // namespace libcache::test
