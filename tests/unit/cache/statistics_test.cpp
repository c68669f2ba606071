// What a cache counts for the statistics of its store.
#include <fmt/format.h>

#include <catch2/catch_test_macros.hpp>
#include <deque>

#include "unit/cache/cache_fixture.h"

namespace libcache {

namespace {

using namespace std::chrono_literals;

// Keeps what was added, row by row.
class KeptStatistics : public Statistics {
 public:
  bool add(std::string_view prefix, std::span<const StatisticsRow> rows, Deadline) override {
    if (refuses) return false;
    prefixes.emplace_back(prefix);
    added.insert(added.end(), rows.begin(), rows.end());
    return true;
  }
  Result<std::vector<StatisticsRow>> read(std::string_view, std::chrono::sys_days, Deadline) override { return added; }
  Status reset(std::string_view, Deadline) override { return {}; }

  bool refuses = false;
  std::vector<std::string> prefixes;
  std::vector<StatisticsRow> added;
};

class CountedStore : public SharedStore {
 public:
  CountedStore(std::shared_ptr<Store> store, KeptStatistics& statistics)
      : SharedStore(std::move(store)), statistics_(statistics) {}
  Statistics* statistics() override { return &statistics_; }

 private:
  KeptStatistics& statistics_;
};

struct StatisticsFixture : CacheFixture {
  KeptStatistics statistics;

  std::unique_ptr<Cache> make_counted(CacheOptions options) {
    return Cache::create(std::make_unique<CountedStore>(store, statistics), std::move(options)).value();
  }
  std::unique_ptr<Cache> make_counted() { return make_counted(options()); }

  // The sum of a counter over all rows.
  std::uint64_t sum(const std::string& counter) const {
    std::uint64_t sum = 0;
    for (const StatisticsRow& row : statistics.added) {
      if (const auto found = row.counts.find(counter); found != row.counts.end()) sum += found->second;
    }
    return sum;
  }
};

constexpr std::string_view kAnswer =
    R"({"model":"m-2026","choices":[{"message":{"content":"x"},"finish_reason":"stop"}],)"
    R"("usage":{"prompt_tokens":100,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":60}}})";

Deadline soon() {
  return Deadline::after(30s);
}

Lookup look_up(Cache& cache, const RequestKey& key) {
  return cache.get(key, EntryKind::response, soon()).value();
}

std::string request_for(std::string_view model) {
  return fmt::format(R"({{"model":"{}","messages":[]}})", model);
}

}  // namespace

TEST_CASE_METHOD(StatisticsFixture, "what a cache did is written at its end by model, session and endpoint") {
  CacheOptions with_endpoint = options();
  with_endpoint.key.session = "s";
  with_endpoint.key.endpoint = "https://user:secret@api.example.com/v1?api_key=secret";
  {
    const auto cache = make_counted(with_endpoint);
    const auto key = cache->key(kRequest).value();
    CHECK_FALSE(look_up(*cache, key));
    REQUIRE(cache->put(key, response(std::string(kAnswer)), {}, soon()));
    CHECK(look_up(*cache, key));
    CHECK(look_up(*cache, key));
    CHECK_FALSE(cache->put(key, response("Internal Server Error"), {}, soon()));
    CHECK(statistics.added.empty());
  }
  REQUIRE(statistics.added.size() == 1);
  const StatisticsRow& row = statistics.added.front();
  CHECK(row.day == std::chrono::floor<std::chrono::days>(clock.now()));
  CHECK(row.model == "m");
  CHECK(row.session == "s");
  CHECK(row.endpoint == "https://api.example.com/v1");
  CHECK(statistics.prefixes == std::vector<std::string>{"llmcache:"});
  const Counters counters = to_counters(row.counts);
  CHECK(counters.hits == 2);
  CHECK(counters.hit_bytes == 2 * kAnswer.size());
  CHECK(counters.misses[static_cast<std::size_t>(MissReason::absent)] == 1);
  CHECK(counters.stored == 1);
  CHECK(counters.stored_bytes > 0);
  CHECK(counters.refused[static_cast<std::size_t>(Refusal::error)] == 1);
  CHECK(counters.prompt_tokens == 200);
  CHECK(counters.cached_tokens == 120);
  CHECK(counters.completion_tokens == 14);
}

TEST_CASE_METHOD(StatisticsFixture, "a hit saves the time that its answer took") {
  {
    const auto cache = make_counted();
    const auto key = cache->key(kRequest).value();
    Answer answer = response(std::string(kAnswer));
    answer.metadata.origin_total = 1234ms;
    REQUIRE(cache->put(key, answer, {}, soon()));
    const auto found = look_up(*cache, key);
    REQUIRE(found);
    CHECK(found.entry->cost().time == 1234ms);
  }
  CHECK(sum("saved_ms") == 1234);
}

TEST_CASE_METHOD(StatisticsFixture, "a fill is counted as a miss and what it stores, and then as a hit") {
  {
    const auto cache = make_counted();
    const auto fill = [&](const auto& produce) {
      return cache->get_or_fill(
          cache->key(kRequest).value(), produce, [](std::string_view) { return Status(); }, {}, soon());
    };
    const auto produce = [](AnswerWriter& writer) { return writer.write(kAnswer); };
    CHECK(fill(produce)->source == Filled::Source::producer);
    CHECK(fill(produce)->source == Filled::Source::store);
  }
  CHECK(sum("misses_absent") == 1);
  CHECK(sum("stored") == 1);
  CHECK(sum("hits") == 1);
  CHECK(sum("prompt_tokens") == 100);
}

TEST_CASE_METHOD(StatisticsFixture, "lookups that the caller shares among its own callers are counted") {
  {
    const auto cache = make_counted();
    const auto key = cache->key(kRequest).value();
    REQUIRE(cache->put(key, response(std::string(kAnswer)), {}, soon()));
    const auto found = look_up(*cache, key);
    cache->count_shared(key, &*found.entry);
    cache->count_shared(key, nullptr);
  }
  CHECK(sum("hits") == 2);
  CHECK(sum("followed") == 1);
  CHECK(sum("prompt_tokens") == 200);
}

TEST_CASE_METHOD(StatisticsFixture, "an entry that is looked up by name is counted for its session") {
  {
    const auto cache = make_counted();
    const auto key = cache->key(kRequest).value();
    REQUIRE(cache->put(key, response(std::string(kAnswer)), {}, soon()));
    CHECK(cache->get_named(key.response_name, soon()).value());
  }
  const StatisticsRow& row = statistics.added.back();
  CHECK(row.session == "default");
}

TEST_CASE_METHOD(StatisticsFixture, "a long-lived cache writes every few seconds, and a new day begins a new row") {
  const auto cache = make_counted();
  const auto key = cache->key(kRequest).value();
  look_up(*cache, key);
  clock.advance(4s);
  look_up(*cache, key);
  CHECK(statistics.added.empty());
  clock.advance(2s);
  look_up(*cache, key);
  REQUIRE(statistics.added.size() == 1);
  CHECK(sum("misses_absent") == 3);
  clock.advance(24h);
  look_up(*cache, key);
  REQUIRE(statistics.added.size() == 2);
  CHECK(statistics.added[1].day == statistics.added[0].day + std::chrono::days(1));
  look_up(*cache, key);
  cache->write_statistics(soon());
  CHECK(sum("misses_absent") == 5);
  CHECK(cache->counters().misses[static_cast<std::size_t>(MissReason::absent)] == 5);
}

TEST_CASE_METHOD(StatisticsFixture, "what could not be written is written later") {
  {
    const auto cache = make_counted();
    const auto key = cache->key(kRequest).value();
    statistics.refuses = true;
    look_up(*cache, key);
    cache->write_statistics(soon());
    look_up(*cache, key);
    cache->write_statistics(soon());
    statistics.refuses = false;
  }
  REQUIRE(statistics.added.size() == 1);
  CHECK(sum("misses_absent") == 2);
}

TEST_CASE_METHOD(StatisticsFixture, "a cache that keeps no statistics writes none") {
  CacheOptions silent = options();
  silent.keep_statistics = false;
  {
    const auto cache = make_counted(silent);
    look_up(*cache, cache->key(kRequest).value());
    CHECK(cache->counters().misses[static_cast<std::size_t>(MissReason::absent)] == 1);
  }
  CHECK(statistics.added.empty());
}

TEST_CASE_METHOD(StatisticsFixture,
                 "beyond a thousand models at a time, others are counted together, and long names are cut") {
  {
    const auto cache = make_counted();
    for (int i = 0; i < 1500; ++i) look_up(*cache, cache->key(request_for("m" + std::to_string(i))).value());
  }
  CHECK(statistics.added.size() == 1001);
  CHECK(sum("misses_absent") == 1500);
  statistics.added.clear();
  {
    const auto cache = make_counted();
    for (int i = 0; i < 2; ++i) look_up(*cache, cache->key(request_for(std::string(1 << 20, 'x'))).value());
  }
  REQUIRE(statistics.added.size() == 1);
  CHECK(statistics.added[0].model == std::string(320, 'x'));
  CHECK(sum("misses_absent") == 2);
}

TEST_CASE("counters keep their values under their names") {
  Counters counters;
  counters.hits = 1;
  counters.misses[static_cast<std::size_t>(MissReason::policy)] = 2;
  counters.refused[static_cast<std::size_t>(Refusal::too_large)] = 3;
  counters.saved_ms = 4;
  auto counts = to_counts(counters);
  CHECK(counts == StatisticsRow::Counts{{"hits", 1}, {"misses_policy", 2}, {"refused_too_large", 3}, {"saved_ms", 4}});
  counts["of a later version"] = 5;
  CHECK(to_counters(counts) == counters);
  counters += counters;
  CHECK(counters.refused[static_cast<std::size_t>(Refusal::too_large)] == 6);
}

}  // namespace libcache
