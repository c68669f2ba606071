#include "answer/secrets.h"

#include <catch2/catch_test_macros.hpp>

using namespace libcache::internal;

TEST_CASE("keys of well-known shapes are found") {
  const std::string long_part = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJ";
  for (const std::string& secret :
       {"sk-" + long_part, "sk-ant-api03-" + long_part, "sk-proj-" + long_part, "AIzaSy" + long_part.substr(0, 33),
        "AKIA" + std::string("ABCDEFGH12345678"), "ghp_" + long_part, "github_pat_" + long_part, "glpat-" + long_part,
        "xoxb-1234567890-" + long_part, "hf_" + long_part, "gsk_" + long_part, "xai-" + long_part, "pplx-" + long_part,
        "r8_" + long_part, "sk_live_" + long_part, "Bearer " + long_part,
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0." + long_part,
        std::string("-----BEGIN RSA PRIVATE KEY-----\\nMIIE\\n-----END RSA PRIVATE KEY-----")}) {
    INFO(secret);
    CHECK(find_secret(secret));
    CHECK(find_secret("{\"a\": \"" + secret + "\"}"));
    CHECK_FALSE(find_secret(secret.substr(0, secret.size() / 4)));
  }
}

TEST_CASE("keys are found behind and between the escapes of JSON") {
  for (const char* text :
       {R"({"a":"my key:\nsk-abcdefghijklmnop1234567890"})", R"({"a":"\tghp_abcdefghijklmnopqrstuvwxyz0123456789"})",
        R"({"a":"\u000ask-abcdefghijklmnop1234567890"})", R"({"a":"\\\nsk-abcdefghijklmnop1234567890"})",
        R"({"a":"sk\u002dabcdefghijklmnop1234567890"})", R"({"a":"Bearer abcdefgh\/ijklmnop1234567890"})"}) {
    INFO(text);
    CHECK(find_secret(text));
  }
  CHECK_FALSE(find_secret(R"({"a":"\u00zz"})"));
  // A backslash and a word: not an escape.
  CHECK_FALSE(find_secret(R"({"a":"C:\\disk-abcdefghijklmnop1234567890"})"));
  CHECK_FALSE(find_secret(R"({"a":"\\nsk-abcdefghijklmnop1234567890"})"));

  std::string text = R"({"a":"my key:\nsk-abcdefghijklmnop1234567890"})";
  CHECK(redact_secrets(text));
  CHECK(text == R"({"a":"my key:\nsk-abc***********************"})");
}

TEST_CASE("what only resembles a key is not one") {
  for (const char* text : {"task-abcdefghijklmnop1234567890", "sk-learn is a library", "sk-abcdefghijklmnopqrstuvwxyz",
                           "Bearer of the ring", "Bearer token", "eyJhbGciOiJIUzI1NiJ9", "AKIA", "ghp_short",
                           "-----BEGIN CERTIFICATE-----", "the disk-encryption-handbook-2024-edition", ""}) {
    INFO(text);
    CHECK_FALSE(find_secret(text));
  }
}

TEST_CASE("the message about a secret does not hold it") {
  CHECK(find_secret("my key: sk-abcdefghijklmnop1234567890") == "an API key (sk-abc...)");
}

TEST_CASE("a redacted text keeps its length and everything but the secrets") {
  std::string text = R"({"a":"sk-abcdefghijklmnop1234567890","b":"ghp_abcdefghijklmnopqrstuvwxyz0123456789"})";
  const auto size = text.size();
  CHECK(redact_secrets(text));
  CHECK(text.size() == size);
  CHECK(text.starts_with(R"({"a":"sk-abc***)"));
  CHECK_FALSE(find_secret(text));
  CHECK_FALSE(redact_secrets(text));
}
