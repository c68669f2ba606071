// What a Bifrost gateway hashes of a request, or why it rejects it.
#pragma once

#include <libcache/key.h>

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <string_view>

namespace libcache::test {

inline std::string hashed(std::string_view request, KeyOptions options = KeyOptions::bifrost()) {
  auto deriver = KeyDeriver::create(std::move(options));
  REQUIRE(deriver);
  const auto key = deriver->derive(request);
  INFO(request << (key ? "" : ": " + key.error().message));
  REQUIRE(key);
  return key->canonical;
}

inline std::string rejection(std::string_view request, KeyOptions options = KeyOptions::bifrost()) {
  auto deriver = KeyDeriver::create(std::move(options));
  REQUIRE(deriver);
  const auto key = deriver->derive(request);
  INFO(request);
  REQUIRE_FALSE(key);
  CHECK(key.error().code == ErrorCode::invalid);
  return key.error().message;
}

// The only message of a request of the gateway's own form.
inline std::string message(const std::string& members) {
  const std::string text = hashed(R"({"input":{"chat_completion_input":[{)" + members + "}]}}");
  constexpr std::string_view kFront = R"({"input":{"chat_completion_input":[)";
  REQUIRE(text.starts_with(kFront));
  return text.substr(kFront.size(), text.size() - kFront.size() - std::string_view("]}}").size());
}

inline std::string params(const std::string& members) {
  const std::string text = hashed(R"({"input":{},"params":{)" + members + "}}");
  constexpr std::string_view kFront = R"({"input":{},"params":)";
  REQUIRE(text.starts_with(kFront));
  return text.substr(kFront.size(), text.size() - kFront.size() - 1);
}

inline std::string params_rejection(const std::string& members) {
  return rejection(R"({"input":{},"params":{)" + members + "}}");
}

inline KeyOptions form(BifrostForm form) {
  KeyOptions options = KeyOptions::bifrost();
  options.form = form;
  return options;
}

// The body of a chat request with these further members.
inline std::string chat(const std::string& members) {
  return R"({"model":"p/m","messages":[{"role":"user","content":"x"}])" + (members.empty() ? "" : "," + members) + "}";
}

}  // namespace libcache::test
