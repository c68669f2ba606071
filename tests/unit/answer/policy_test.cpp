// Which answers a cache keeps.
#include <catch2/catch_test_macros.hpp>

#include "unit/cache/cache_fixture.h"

using namespace libcache;

namespace {

const Deadline kSoon = Deadline::after(std::chrono::seconds(10));

Answer judged(Completeness completeness, const std::string& reason) {
  Answer answer = CacheFixture::response("text");
  answer.completeness = completeness;
  answer.reason = reason;
  return answer;
}

Answer ended_for(const std::string& finish_reason) {
  Answer answer = CacheFixture::response("text");
  answer.metadata.finish_reason = finish_reason;
  return answer;
}

std::uint64_t refused(const Cache& cache, Refusal refusal) {
  return cache.counters().refused[static_cast<std::size_t>(refusal)];
}

}  // namespace

TEST_CASE("errors and incomplete answers are refused with their reason and counted") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  const auto key = cache->key(kRequest).value();
  const auto cut = cache->put(key, judged(Completeness::incomplete, "no [DONE]"), {}, kSoon);
  CHECK(cut.error().code == ErrorCode::policy);
  CHECK(cut.error().message == "no [DONE]");
  CHECK(cache->put(key, judged(Completeness::error, "quota"), {}, kSoon).error().message == "quota");
  CHECK(refused(*cache, Refusal::incomplete) == 1);
  CHECK(refused(*cache, Refusal::error) == 1);
  CHECK_FALSE(cache->get(key, EntryKind::response, kSoon).value());
}

TEST_CASE("a policy that accepts incomplete answers keeps them, marked, and still no errors") {
  CacheFixture fixture;
  CacheOptions options = fixture.options();
  options.policy.accept_incomplete = true;
  const auto cache = fixture.make(options);
  const auto key = cache->key(kRequest).value();
  CHECK(cache->put(key, judged(Completeness::error, "quota"), {}, kSoon).error().code == ErrorCode::policy);
  REQUIRE(cache->put(key, judged(Completeness::incomplete, "cut"), {}, kSoon));
  CHECK(cache->get(key, EntryKind::response, kSoon)->entry->metadata()->incomplete);
  REQUIRE(cache->put(key, ended_for("stop"), {}, kSoon));
  CHECK_FALSE(cache->get(key, EntryKind::response, kSoon)->entry->metadata()->incomplete);
}

TEST_CASE("a put that allows errors stores errors and incomplete answers") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  const auto key = cache->key(kRequest).value();
  const StoreAnswerOptions allowing{.allow_errors = true};
  CHECK(cache->put(key, judged(Completeness::error, "quota"), allowing, kSoon).value());
  CHECK(cache->put(key, judged(Completeness::incomplete, "cut"), allowing, kSoon).value());
}

TEST_CASE("answers that ended for a refused reason are not kept, whatever their provider calls it") {
  CacheFixture fixture;
  CacheOptions options = fixture.options();
  options.policy.refuse = {"length", "content_filter"};
  const auto cache = fixture.make(options);
  const auto key = cache->key(kRequest).value();
  for (const auto* reason : {"length", "max_tokens", "MAX_TOKENS", "SAFETY", "stop,length"}) {
    const auto put = cache->put(key, ended_for(reason), {.allow_errors = true}, kSoon);
    INFO(reason);
    CHECK(put.error().code == ErrorCode::policy);
  }
  CHECK(refused(*cache, Refusal::finish_reason) == 5);
  for (const auto* reason : {"stop", "tool_calls", ""}) CHECK(cache->put(key, ended_for(reason), {}, kSoon));
}

TEST_CASE("what the policy keeps out of the background writer is refused, not dropped") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  REQUIRE(cache->put_later(cache->key(kRequest).value(), judged(Completeness::error, "quota")));
  REQUIRE(cache->flush(kSoon));
  CHECK(refused(*cache, Refusal::error) == 1);
  CHECK(cache->counters().dropped == 0);
}
