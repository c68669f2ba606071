// Which answers a cache keeps.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "unit/cache/cache_fixture.h"

using namespace libcache;

namespace {

const Deadline kSoon = Deadline::after(std::chrono::seconds(10));

// The judge uses only the bytes; the other fields are wrong on purpose.
const Answer kIncomplete = CacheFixture::response("{\"half");
const Answer kError = CacheFixture::response(R"({"error":{"message":"quota"}})");

Answer ended_for(const std::string& finish_reason) {
  return CacheFixture::response(R"({"choices":[{"index":0,"message":{"content":"x"},"finish_reason":")" +
                                finish_reason + "\"}]}");
}

std::uint64_t refused(const Cache& cache, Refusal refusal) {
  return cache.counters().refused[static_cast<std::size_t>(refusal)];
}

}  // namespace

TEST_CASE("errors and incomplete answers are refused with their reason and counted") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  const auto key = cache->key(kRequest).value();
  const auto cut = cache->put(key, kIncomplete, {}, kSoon);
  CHECK(cut.error().code == ErrorCode::policy);
  CHECK_FALSE(cut.error().message.empty());
  CHECK(cache->put(key, kError, {}, kSoon).error().code == ErrorCode::policy);
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
  CHECK(cache->put(key, kError, {}, kSoon).error().code == ErrorCode::policy);
  REQUIRE(cache->put(key, kIncomplete, {}, kSoon));
  CHECK(cache->get(key, EntryKind::response, kSoon)->entry->metadata()->incomplete);
  REQUIRE(cache->put(key, ended_for("stop"), {}, kSoon));
  CHECK_FALSE(cache->get(key, EntryKind::response, kSoon)->entry->metadata()->incomplete);
}

TEST_CASE("answers that ended for a refused reason are not kept, whatever their provider calls it") {
  CacheFixture fixture;
  CacheOptions options = fixture.options();
  options.policy = {.refuse = {"length", "content_filter"}, .accept_incomplete = true, .accept_errors = true};
  const auto cache = fixture.make(options);
  const auto key = cache->key(kRequest).value();
  for (const auto* reason : {"length", "max_tokens", "MAX_TOKENS", "SAFETY"}) {
    const auto put = cache->put(key, ended_for(reason), {}, kSoon);
    INFO(reason);
    CHECK(put.error().code == ErrorCode::policy);
  }
  CHECK(refused(*cache, Refusal::finish_reason) == 4);
  for (const auto* reason : {"stop", "tool_calls"}) CHECK(cache->put(key, ended_for(reason), {}, kSoon));
}

TEST_CASE("a lookup serves only what the cache's own policy would store") {
  CacheFixture fixture;
  CacheOptions accepting = fixture.options();
  accepting.policy.accept_incomplete = true;
  accepting.policy.accept_errors = true;
  CacheOptions refusing = fixture.options();
  refusing.policy.refuse = {"length"};
  const auto lenient = fixture.make(accepting);
  const auto normal = fixture.make();
  const auto strict = fixture.make(refusing);
  const auto key = normal->key(kRequest).value();
  const auto is_hit = [&](Cache& cache) { return bool(cache.get(key, EntryKind::response, kSoon).value()); };
  for (const Answer& broken : {kIncomplete, kError}) {
    REQUIRE(lenient->put(key, broken, {}, kSoon).value());
    CHECK(is_hit(*lenient));
    CHECK_FALSE(is_hit(*normal));
    CHECK(normal->get_named(key.response_name, kSoon).value());
  }
  REQUIRE(normal->put(key, ended_for("max_tokens"), {}, kSoon).value());
  CHECK(is_hit(*normal));
  CHECK_FALSE(is_hit(*strict));
  CHECK(strict->counters().misses[static_cast<std::size_t>(MissReason::policy)] == 1);
}

TEST_CASE("an answer is judged by its bytes, whatever its fields say") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  const auto key = cache->key(R"({"stream":true})").value();
  Answer cut = CacheFixture::response("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n\n");
  cut.kind = GENERATE(EntryKind::stream, EntryKind::response);
  CHECK_FALSE(cache->put(key, cut, {}, kSoon));
  CHECK_FALSE(cache->put(key, CacheFixture::response(""), {}, kSoon));
  CHECK_FALSE(cache->put(key, CacheFixture::response("<html><title>502 Bad Gateway</title></html>"), {}, kSoon));
  // The bytes in `body` are still a stream, and are stored under the name that the request asks for.
  Answer whole =
      CacheFixture::response("data: {\"choices\":[{\"index\":0,\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
  whole.kind = cut.kind;
  REQUIRE(cache->put(key, whole, {}, kSoon).value());
  const auto found = cache->get(key, EntryKind::stream, kSoon).value();
  REQUIRE(found);
  CHECK(found.entry->kind() == EntryKind::stream);
  CHECK(found.entry->body().value() == whole.body);
}

TEST_CASE("an answer of the background writer that the policy refuses counts as refused, not as dropped") {
  CacheFixture fixture;
  const auto cache = fixture.make();
  REQUIRE(cache->put_later(cache->key(kRequest).value(), kError));
  REQUIRE(cache->flush(kSoon));
  CHECK(refused(*cache, Refusal::error) == 1);
  CHECK(cache->counters().dropped == 0);
}

TEST_CASE("a TTL of 0 or less stores nothing and says so, for puts, background writes and fills") {
  CacheFixture fixture;
  CacheOptions options = fixture.options();
  const auto ttl = Ttl{GENERATE(Milliseconds(0), Milliseconds(-1), Milliseconds::min())};
  const bool by_call = GENERATE(false, true);
  if (!by_call) options.ttl = ttl;
  const auto cache = fixture.make(options);
  const auto key = cache->key(kRequest).value();
  const Answer answer = ended_for("stop");
  const StoreAnswerOptions storing{.ttl = by_call ? std::optional(ttl) : std::nullopt};
  const auto put = cache->put(key, answer, storing, kSoon);
  REQUIRE_FALSE(put);
  CHECK(put.error().code == ErrorCode::policy);
  const std::string why = ttl.duration < Milliseconds(0) ? "the TTL is negative" : "the TTL is 0";
  CHECK(put.error().message == why);
  REQUIRE(cache->put_later(key, answer, storing));
  REQUIRE(cache->flush(kSoon));
  FillOptions filling;
  filling.ttl = storing.ttl;
  const auto produce = [&](AnswerWriter& writer) { return writer.write(answer.body); };
  std::string received;
  const auto receive = [&](std::string_view piece) -> Status {
    received += piece;
    return {};
  };
  const auto filled = cache->get_or_fill(key, produce, receive, filling, kSoon);
  REQUIRE(filled);
  CHECK(filled->storing == Filled::Storing::refused);
  CHECK(filled->reason == why);
  CHECK(received == answer.body);
  CHECK(refused(*cache, Refusal::not_wanted) == 3);
  CHECK_FALSE(cache->get(key, EntryKind::response, kSoon)->entry);
}
