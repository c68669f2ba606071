// Which session a name belongs to, and what clearing a key covers.
#include "key/names.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace libcache;
using namespace libcache::internal;

namespace {

const std::string kHash = "0123456789abcdef0123456789abcdef";
const std::string kEndpoint = "_at_0123456789abcdef";

KeyOptions options_of(std::string prefix, std::string session, KeyScheme scheme = KeyScheme::native) {
  KeyOptions options;
  options.scheme = scheme;
  options.prefix = std::move(prefix);
  options.session = std::move(session);
  return options;
}

bool is_teams(const std::string& name) {
  return is_of_session(name, options_of("p:", "team"));
}

bool is_gateways(const std::string& name) {
  return is_of_session(name, options_of("", "team", KeyScheme::bifrost));
}

// Sessions and prefixes that look like parts of names, or are parts of one another.
class Names {
 public:
  explicit Names(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t bound) { return random_() % bound; }

  std::string text() {
    static const std::vector<std::string> kPieces{"a",    "b",        "_",    ":",       "team",     kHash,
                                                  "_at_", "_sample_", "1",    "_stream", "_chunk_",  kEndpoint,
                                                  "0123", "*",        "[x]?", "\\",      "_sample_7"};
    std::string text;
    for (std::size_t count = below(4); count > 0; --count) text += kPieces[below(kPieces.size())];
    return text;
  }

  KeyOptions options(KeyScheme scheme) {
    KeyOptions options = options_of(text(), text() + "s", scheme);
    if (below(3) == 0) options.session = text() + "_" + kHash + "_sample";
    if (scheme == KeyScheme::bifrost) return options;
    if (below(2) == 0) options.sample = below(2) == 0 ? 1 + below(20) : 4294967295;
    if (below(2) == 0) options.endpoint = "https://h/" + std::to_string(below(5));
    return options;
  }

 private:
  std::mt19937 random_;
};

}  // namespace

TEST_CASE("the entries of a session are those with its hash and known suffixes after its name") {
  const std::string base = "p:team_" + kHash;
  for (const std::string& suffix :
       {std::string(), std::string("_stream"), std::string("_sample_1"), std::string("_sample_4294967295_stream"),
        kEndpoint, kEndpoint + "_stream", kEndpoint + "_sample_20", kEndpoint + "_sample_20_stream"}) {
    INFO(suffix);
    CHECK(is_teams(base + suffix));
  }
}

TEST_CASE("names that only resemble those of a session do not belong to it") {
  const std::string base = "p:team_" + kHash;
  for (const std::string& name : {"p:team_A_" + kHash,
                                  "p:team_" + kHash + "_" + kHash,
                                  "p:team" + kHash,
                                  "p:team__" + kHash,
                                  "xp:team_" + kHash,
                                  "p:tea_" + kHash,
                                  "p:team_" + kHash.substr(1),
                                  "p:team_0" + kHash,
                                  base.substr(0, base.size() - 1) + "F",
                                  base + "_stream_stream",
                                  base + "_sample_",
                                  base + "_sample_0",
                                  base + "_sample_01",
                                  base + "_sample_x",
                                  base + "_sample_4294967296",
                                  base + "_sample_11112222333344445555666677778888",
                                  base + "_sample_evil",
                                  base + "_stream_sample_1",
                                  base + "_sample_1" + kEndpoint,
                                  base + "_at_0123",
                                  base + kEndpoint + "0",
                                  base + kEndpoint + kEndpoint,
                                  base + "_chunk_1",
                                  base + "_lease",
                                  base + "\n",
                                  std::string("p:team_"),
                                  std::string()}) {
    INFO(name);
    CHECK_FALSE(is_teams(name));
  }
}

TEST_CASE("under Bifrost a hash has 1 to 16 digits and a stream's chunks have numbers") {
  CHECK(is_gateways("team_0"));
  CHECK(is_gateways("team_0123456789abcdef"));
  CHECK(is_gateways("team_ff_chunk_0"));
  CHECK(is_gateways("team_ff_chunk_120"));
  for (const char* name : {"team_0123456789abcdef0", "team_", "team_A_ff", "team_FF", "team_ff_chunk_",
                           "team_ff_chunk_01", "team_ff_stream", "team_ff_sample_1", "team_ff_at_0123456789abcdef"}) {
    INFO(name);
    CHECK_FALSE(is_gateways(name));
  }
}

TEST_CASE("prefix and session are not separated: a proof does that") {
  CHECK(is_of_session("p:team_" + kHash, options_of("p", ":team")));
  CHECK_FALSE(is_of_session("p:team_" + kHash, options_of("p:t", "team")));
  CHECK_FALSE(is_of_session("p:team_" + kHash, options_of("p:team", "team")));
}

TEST_CASE("no name belongs to two sessions, whatever prefixes, sessions, samples and endpoints look like") {
  const auto scheme = GENERATE(KeyScheme::native, KeyScheme::bifrost);
  const std::string_view request = scheme == KeyScheme::native ? R"({"a":1})" : R"({"model":"p/m","text":"x"})";
  Names names(20261126);
  std::vector<KeyOptions> sessions;
  std::map<std::string, std::string> owners;
  for (int i = 0; i < 400; ++i) {
    const KeyOptions options = names.options(scheme);
    const auto key = KeyDeriver::create(options).value().derive(request).value();
    const std::string owner = options.prefix + options.session;
    const std::string stream = scheme == KeyScheme::native ? key.stream_name : key.stream_name + std::to_string(i);
    for (const std::string& name : {key.response_name, stream}) {
      INFO(name);
      CHECK(is_of_session(name, options));
      CHECK(owners.emplace(name, owner).first->second == owner);
    }
    sessions.push_back(options);
  }
  for (const auto& [name, owner] : owners) {
    INFO(name);
    for (const KeyOptions& options : sessions) {
      CHECK(is_of_session(name, options) == (options.prefix + options.session == owner));
    }
  }
}

TEST_CASE("a key covers the entry with its name, and those with suffixes after it") {
  const std::string base = "p:team_" + kHash;
  const std::string endpoint = base + kEndpoint;
  const auto covered_by = [&](const std::string& key) {
    std::set<std::string> covered;
    for (const std::string& front : {base, endpoint, base + "_at_fedcba9876543210"}) {
      for (const char* sample : {"", "_sample_1", "_sample_12"}) {
        for (const char* kind : {"", "_stream"}) {
          if (covers(key, front + sample + kind, KeyScheme::native)) covered.insert(front + sample + kind);
        }
      }
    }
    return covered;
  };
  CHECK(covered_by(base).size() == 18);
  CHECK(covered_by(endpoint).size() == 6);
  CHECK(covered_by(endpoint).contains(endpoint + "_sample_12_stream"));
  CHECK(covered_by(base + "_sample_1") == std::set{base + "_sample_1", base + "_sample_1_stream"});
  CHECK(covered_by(endpoint + "_sample_1") == std::set{endpoint + "_sample_1", endpoint + "_sample_1_stream"});
}

TEST_CASE("a key covers no entries of other sessions and no names that only resemble its own") {
  const std::string base = "p:team_" + kHash;
  for (const std::string& name :
       {base + "_sample_evil", base + "_streams", base + "0", base + "_" + kHash, base + "_sample_1_" + kHash,
        std::string("p:team_fedcba9876543210fedcba9876543210")}) {
    INFO(name);
    CHECK_FALSE(covers(base, name, KeyScheme::native));
  }
  CHECK_FALSE(covers("team_ff", "team_ff_chunk_x", KeyScheme::bifrost));
  CHECK_FALSE(covers("team_f", "team_ff", KeyScheme::bifrost));
  CHECK(covers("team_ff", "team_ff_chunk_7", KeyScheme::bifrost));
}

TEST_CASE("the suffix of a stream or chunk is ignored in a key to clear") {
  CHECK(without_kind("p:s_0f_stream") == "p:s_0f");
  CHECK(without_kind("p:s_0f_sample_1_stream") == "p:s_0f_sample_1");
  CHECK(without_kind("p:s_0f_chunk_12") == "p:s_0f");
  CHECK(without_kind("p:s_0f_chunk_") == "p:s_0f");
  CHECK(without_kind("p:s_0f_sample_1") == "p:s_0f_sample_1");
  CHECK(without_kind("_stream") == "_stream");
  CHECK(without_kind("") == "");
}
