// Sessions with edges, on every store: whatever narrows to a session never sees an entry of another one.
#include <libcache/cache.h>

#include <catch2/catch_test_macros.hpp>
#include <map>
#include <random>
#include <set>

#include "stores/conformance.h"
#include "stores/verbs.h"

namespace libcache::test {

namespace {

// Several caches share one store.
class Borrowed final : public Store {
 public:
  explicit Borrowed(Store& store) : store_(store) {}
  Result<std::optional<std::string>> get(std::string_view name, Deadline deadline) override {
    return store_.get(name, deadline);
  }
  Result<bool> put(std::string_view name, std::string_view value, const PutOptions& options,
                   Deadline deadline) override {
    return store_.put(name, value, options, deadline);
  }
  Result<std::uint64_t> remove(std::span<const std::string> names, Deadline deadline) override {
    return store_.remove(names, deadline);
  }
  Status scan(std::string_view prefix, std::size_t head_bytes, const Visitor& visit, Deadline deadline) override {
    return store_.scan(prefix, head_bytes, visit, deadline);
  }
  Status ping(Deadline deadline) override { return store_.ping(deadline); }
  Result<Removed> remove_unchanged(std::span<const ScanRow> rows, Deadline deadline) override {
    return store_.remove_unchanged(rows, deadline);
  }

 private:
  Store& store_;
};

// Prefixes and sessions that look like parts of names, or are parts of one another.
class RandomKeys {
 public:
  KeyOptions options() {
    KeyOptions options;
    options.prefix = text();
    options.session = text() + (below(2) == 0 ? "team" : "_0123456789abcdef0123456789abcdef_sample");
    options.sample = below(2) == 0 ? 0 : 1 + static_cast<unsigned>(below(12));
    if (below(2) == 0) options.endpoint = "https://h/" + std::to_string(below(3));
    return options;
  }

 private:
  std::size_t below(std::size_t bound) { return random_() % bound; }
  std::string text() {
    constexpr const char* kPieces[] = {"a",
                                       "_",
                                       "team",
                                       "0123456789abcdef0123456789abcdef",
                                       "_at_",
                                       ":",
                                       "_stream",
                                       "_sample_",
                                       "_at_0123456789abcdef",
                                       "*",
                                       "[x]?",
                                       "\\",
                                       "1",
                                       "{a}"};
    std::string text;
    for (std::size_t count = below(3); count > 0; --count) text += kPieces[below(std::size(kPieces))];
    return text;
  }

  std::mt19937 random_{20261126};
};

std::unique_ptr<Cache> cache_of(Store& store, const KeyOptions& key) {
  CacheOptions options;
  options.key = key;
  return Cache::create(std::make_unique<Borrowed>(store), options).value();
}

}  // namespace

void check_sessions(const std::function<StoreUnderTest()>& make) {
  const auto under_test = make();
  Store& store = *under_test.store;
  RandomKeys random;
  std::vector<KeyOptions> sessions;
  std::map<std::string, std::set<std::string>> names_by_owner;
  for (int i = 0; i < 60; ++i) {
    const KeyOptions options = random.options();
    const auto cache = cache_of(store, options);
    for (const char* request : {R"({"a":1})", R"({"a":1,"stream":true})"}) {
      const auto key = required(cache->key(request));
      Answer answer;
      answer.body = R"({"x":1})";
      REQUIRE(required(cache->put(key, answer, {.ttl = Ttl::never()}, soon())));
      names_by_owner[options.prefix + options.session].insert(key.stream ? key.stream_name : key.response_name);
    }
    sessions.push_back(options);
  }
  std::set<std::string> left;
  for (const auto& [owner, owned] : names_by_owner) {
    for (const std::string& name : owned) {
      INFO(name);
      CHECK(left.insert(name).second);  // no name belongs to two sessions
    }
  }
  for (const KeyOptions& options : sessions) {
    const auto cache = cache_of(store, options);
    const std::set<std::string>& owned = names_by_owner[options.prefix + options.session];
    INFO(options.prefix << " " << options.session);
    std::set<std::string> listed;
    for (const ScanRow& row : list(store, session_prefix(options))) {
      if (is_of_session(row.name, options)) listed.insert(row.name);
    }
    CHECK(listed == owned);
    std::set<std::string> purged;
    PurgeFilter filter;
    filter.session_only = true;
    filter.on_batch = [&](std::span<const ScanRow> batch) {
      for (const ScanRow& row : batch) purged.insert(row.name);
      return true;
    };
    CHECK(required(cache->purge(filter, soon())).entries == owned.size());
    CHECK(purged == owned);
    for (const std::string& name : owned) left.erase(name);
    names_by_owner[options.prefix + options.session].clear();
    const Names remaining = names(store, "");
    CHECK(std::set<std::string>(remaining.begin(), remaining.end()) == left);
  }
  CHECK(left.empty());
}

}  // namespace libcache::test
