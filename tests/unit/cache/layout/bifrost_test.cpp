// A cache over the data of a Bifrost gateway's Redis plugin.
#include <libcache/bifrost.h>
#include <libcache/cache.h>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "support/gateway_data.h"
#include "support/paths.h"
#include "unit/cache/cache_fixture.h"

using namespace libcache;

using namespace libcache::internal;
using nlohmann::json;

namespace {

// Counts how often it is asked for many values at once.
class BatchStore final : public SharedStore {
 public:
  BatchStore(std::shared_ptr<Store> store, int& trips) : SharedStore(store), inner_(std::move(store)), trips_(trips) {}
  Result<std::vector<std::optional<StoredValue>>> get_all(std::span<const std::string> names,
                                                          Deadline deadline) override {
    ++trips_;
    return inner_->get_all(names, deadline);
  }
  Status put_all(std::span<const NamedValue> values, std::optional<UnixTime> expires, Deadline deadline) override {
    return inner_->put_all(values, expires, deadline);
  }

 private:
  std::shared_ptr<Store> inner_;
  int& trips_;
};

struct GatewayFixture : CacheFixture {
  support::GatewayData data{LLMCACHE_TEST_DATA "/golden"};

  GatewayFixture() {
    for (const auto& [name, value] : data.values) put(name, value);
  }
  std::unique_ptr<Cache> make_gateway() {
    CacheOptions options = CacheFixture::options();
    options.key = KeyOptions::bifrost();
    options.key.prefix = "bifrost:cache:";
    options.key.session = "my-session";
    return make(std::move(options));
  }
  void put(const std::string& name, const std::string& value, Milliseconds ttl = std::chrono::minutes(60)) {
    REQUIRE(store->put(name, value, {.expires = clock.now() + ttl}, Deadline::never()));
  }
  void remove(const std::string& name) { REQUIRE(store->remove(std::vector{name}, Deadline::never()) == 1); }
  std::map<std::string, std::string> stored() const {
    std::map<std::string, std::string> values;
    const auto add = [&](const ScanRow& listing) -> Result<bool> {
      values[listing.name] = listing.head;
      return true;
    };
    REQUIRE(store->scan("", 1 << 20, add, Deadline::never()));
    return values;
  }
  // A stream of `count` chunks, the last of which ends it.
  static std::string payload(std::size_t index, std::size_t count) {
    json chunk{{"choices", {{{"index", 0}, {"delta", {{"content", "word "}}}}}},
               {"extra_fields", {{"chunk_index", index}}}};
    if (index + 1 == count) chunk["choices"][0]["finish_reason"] = "stop";
    return chunk.dump();
  }
  static Answer stream(std::string_view bytes) {
    AnswerRecorder recorder;
    recorder.write(bytes);
    return std::move(recorder).finish();
  }
};

}  // namespace

TEST_CASE_METHOD(GatewayFixture, "a gateway's response is its stored bytes, with what they say of themselves") {
  const auto cache = make_gateway();
  const auto key = cache->key(data.request).value();
  REQUIRE(key.base == data.key);
  const auto found = cache->get(key, EntryKind::response, Deadline::never()).value();
  REQUIRE(found);
  CHECK(found.entry->body() == data.values.at(data.key));
  CHECK(found.entry->metadata()->model == "gpt-4o-mini-2024-07-18");
  CHECK(found.entry->metadata()->provider == "openai");
  CHECK(found.entry->metadata()->completion_tokens == 21);
  CHECK(found.entry->created() == UnixTime(std::chrono::seconds(1755200000)));
  CHECK(found.entry->expires() == clock.now() + std::chrono::minutes(60));
}

TEST_CASE_METHOD(GatewayFixture, "a gateway's stream is its chunks as the gateway sends them") {
  const auto cache = make_gateway();
  const auto key = cache->key(data.request).value();
  const auto found = cache->get(key, EntryKind::stream, Deadline::never()).value();
  REQUIRE(found);
  CHECK(found.entry->body() == data.events());
  CHECK(found.entry->metadata()->finish_reason == "stop");
}

TEST_CASE_METHOD(GatewayFixture, "a stream that lacks any one chunk is incomplete, whichever it is") {
  const auto cache = make_gateway();
  for (std::size_t i = 0; i < data.hit_chunks.size(); ++i) {
    remove(data.chunk_name(i));
    const auto found = cache->get_named(cache->entry_name(data.key, EntryKind::stream), Deadline::never()).value();
    CHECK_FALSE(found);
    CHECK(found.miss == MissReason::incomplete);
    CHECK(found.partial.has_value() == (i > 0));
    CHECK(events.back().name == "entry.incomplete");
    put(data.chunk_name(i), data.values.at(data.chunk_name(i)));
  }
}

TEST_CASE_METHOD(GatewayFixture, "a stream with an unreadable or misplaced chunk is incomplete") {
  const auto cache = make_gateway();
  for (const std::string& value : {std::string("{"), std::string("[]"), data.values.at(data.chunk_name(4))}) {
    put(data.chunk_name(3), value);
    const auto found = cache->get(cache->key(data.request).value(), EntryKind::stream, Deadline::never()).value();
    CHECK(found.miss == MissReason::incomplete);
    CHECK(found.reason.find("chunk 3") != std::string::npos);
  }
}

TEST_CASE_METHOD(GatewayFixture, "no chunk at all is a plain miss, and a response that is no JSON a corrupt one") {
  const auto cache = make_gateway();
  CHECK(cache->get_named("other_1_chunk_", Deadline::never()).value().miss == MissReason::absent);
  put(data.key, "nonsense");
  CHECK(cache->get_named(data.key, Deadline::never()).value().miss == MissReason::corrupt);
}

TEST_CASE_METHOD(GatewayFixture, "a stream of 500 chunks is read by name in two round trips, a stream of none in one") {
  int trips = 0;
  CacheOptions options = CacheFixture::options();
  options.key = KeyOptions::bifrost();
  const auto cache = Cache::create(std::make_unique<BatchStore>(store, trips), options).value();
  for (std::size_t i = 0; i < 500; ++i) put("s_1_chunk_" + std::to_string(i), payload(i, 500));
  REQUIRE(cache->get_named("s_1_chunk_", Deadline::never()).value());
  CHECK(trips == 2);
  CHECK_FALSE(cache->get_named("s_2_chunk_", Deadline::never()).value());
  CHECK(trips == 3);
}

TEST_CASE_METHOD(GatewayFixture, "what is put is what the plugin would have written, key by key") {
  const auto cache = make_gateway();
  const auto key = cache->key(data.request).value();
  const auto written = stored();
  REQUIRE(cache->clear(data.chunk_name(3), Deadline::never()) == written.size());
  REQUIRE(stored().empty());
  REQUIRE(cache->put(key, response(written.at(data.key)), {}, Deadline::never()));
  REQUIRE(cache->put(key, stream(data.events()), {}, Deadline::never()));
  CHECK(stored() == written);
}

TEST_CASE_METHOD(GatewayFixture, "a stream is put from the lines of its chunks too") {
  const auto cache = make_gateway();
  const auto key = cache->key(data.request).value();
  const auto written = stored();
  std::string lines;
  for (std::size_t i = 0; i < data.hit_chunks.size(); ++i) lines += written.at(data.chunk_name(i)) + "\n";
  const Answer answer = stream(lines);
  CHECK(bifrost::judge_stream(answer.recording).completeness == Completeness::complete);
  REQUIRE(cache->clear(data.key, Deadline::never()));
  REQUIRE(cache->put(key, answer, {}, Deadline::never()));
  CHECK(stored().size() == data.hit_chunks.size());
  CHECK(cache->get(key, EntryKind::stream, Deadline::never()).value().entry->body() == data.events());
}

TEST_CASE_METHOD(GatewayFixture, "a shorter stream leaves nothing of a longer one behind it") {
  const auto cache = make_gateway();
  const auto key = cache->key(data.request).value();
  const std::string shorter = "data: " + payload(0, 2) + "\n\ndata: " + payload(1, 2) + "\n\ndata: [DONE]\n\n";
  REQUIRE(cache->put(key, stream(shorter), {.ttl = {}, .only_new = true}, Deadline::never()) == false);
  REQUIRE(cache->put(key, stream(shorter), {}, Deadline::never()) == true);
  CHECK(cache->get(key, EntryKind::stream, Deadline::never()).value().entry->body() == shorter);
  CHECK(stored().size() == 3);
}

TEST_CASE_METHOD(GatewayFixture, "what a gateway could not serve is refused") {
  const auto cache = make_gateway();
  const auto key = cache->key(data.request).value();
  for (const Answer& answer :
       {response("text"), response("[]"), stream("data: text\n\n"), stream("data: [DONE]\n\n")}) {
    const auto written = cache->put(key, answer, {}, Deadline::never());
    REQUIRE_FALSE(written);
    CHECK(written.error().code == ErrorCode::policy);
  }
}

TEST_CASE_METHOD(GatewayFixture, "chunks that expire take their stream along, never a part of it alone") {
  const auto cache = make_gateway();
  const auto key = cache->key(data.request).value();
  put(data.chunk_name(13), data.values.at(data.chunk_name(13)), std::chrono::seconds(1));
  CHECK(cache->get(key, EntryKind::stream, Deadline::never()).value().entry->expires() ==
        clock.now() + std::chrono::seconds(1));
  clock.advance(std::chrono::seconds(2));
  CHECK(cache->get(key, EntryKind::stream, Deadline::never()).value().miss == MissReason::incomplete);
}

TEST_CASE_METHOD(GatewayFixture, "a purge tells a gateway's entries from what else is in its database") {
  const auto cache = make_gateway();
  put("session:user", R"({"name":"x"})");
  put("counter_12", "7");
  PurgeFilter all;
  all.all = true;
  CHECK(cache->purge(all, Deadline::never())->entries == data.values.size());
  CHECK(stored().size() == 2);
}

TEST_CASE_METHOD(GatewayFixture, "annotated, an entry is what the plugin serves on a hit") {
  CHECK(json::parse(bifrost::annotate(data.values.at(data.key), "openai", data.key).value()) ==
        json::parse(data.hit_response));
  for (std::size_t i = 0; i < data.hit_chunks.size(); ++i) {
    const std::string name = data.chunk_name(i);
    CHECK(json::parse(bifrost::annotate(data.values.at(name), "openai", name).value()) ==
          json::parse(data.hit_chunks[i]));
  }
  CHECK(bifrost::annotate(R"({"extra_fields":{"provider":"a","raw_response":"text"}})", "b", "k") ==
        R"({"extra_fields":{"provider":"b","raw_response":"text"}})");
  CHECK(bifrost::annotate("[]", "b", "k").error().code == ErrorCode::corrupt);
}

TEST_CASE_METHOD(GatewayFixture, "what a gateway served from its cache is stored without its note") {
  const auto cache = make_gateway();
  const auto key = cache->key(data.request).value();
  REQUIRE(cache->put(key, response(data.hit_response), {}, Deadline::never()));
  CHECK(json::parse(stored().at(data.key)) == json::parse(data.values.at(data.key)));
}

TEST_CASE_METHOD(GatewayFixture, "an answer is a gateway's if it carries extra fields") {
  CHECK(bifrost::check_origin(response(data.values.at(data.key))));
  CHECK(bifrost::check_origin(stream(data.events())));
  for (const Answer& answer : {response(R"({"choices":[]})"), stream("data: {\"choices\":[]}\n\n")}) {
    const auto origin = bifrost::check_origin(answer);
    REQUIRE_FALSE(origin);
    CHECK(origin.error().code == ErrorCode::policy);
  }
}
