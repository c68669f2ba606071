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
  static RequestKey streamed(RequestKey key) {
    key.stream = true;
    return key;
  }
  static Answer stream(std::string_view bytes) {
    AnswerRecorder recorder;
    recorder.write(bytes);
    return std::move(recorder).finish();
  }
};

}  // namespace

TEST_CASE_METHOD(GatewayFixture, "a gateway's response is its stored bytes, with the metadata that they contain") {
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

TEST_CASE_METHOD(GatewayFixture, "a stream that lacks its end or a chunk between its contents is incomplete") {
  const auto cache = make_gateway();
  const auto look_up = [&] {
    return cache->get_named(cache->entry_name(data.key, EntryKind::stream), Deadline::never()).value();
  };
  for (std::size_t i = 1; i < data.hit_chunks.size(); ++i) {
    remove(data.chunk_name(i));
    const auto found = look_up();
    CHECK_FALSE(found);
    CHECK(found.miss == MissReason::incomplete);
    CHECK(found.partial.has_value());
    CHECK(events.back().name == "entry.incomplete");
    put(data.chunk_name(i), data.values.at(data.chunk_name(i)));
  }
  remove(data.chunk_name(0));  // as if the gateway had not passed it on
  CHECK(look_up());
}

TEST_CASE_METHOD(GatewayFixture,
                 "a stream whose first chunks are gone is incomplete, not absent, if any chunk is found") {
  const auto cache = make_gateway();
  for (std::size_t i = 0; i + 1 < data.hit_chunks.size(); ++i) remove(data.chunk_name(i));
  put(data.chunk_name(13), data.values.at(data.chunk_name(13)), std::chrono::seconds(9));
  const auto found = cache->get(cache->key(data.request).value(), EntryKind::stream, Deadline::never()).value();
  CHECK(found.miss == MissReason::incomplete);
  CHECK(found.partial->body() == "data: " + data.values.at(data.chunk_name(13)) + "\n\n");
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

TEST_CASE_METHOD(GatewayFixture, "a stream without any chunk is absent, and a response that is not JSON is corrupt") {
  const auto cache = make_gateway();
  CHECK(cache->get_named("other_1_chunk_", Deadline::never()).value().miss == MissReason::absent);
  put(data.key, "nonsense");
  CHECK(cache->get_named(data.key, Deadline::never()).value().miss == MissReason::corrupt);
}

TEST_CASE_METHOD(GatewayFixture, "a stream is read by name, 64 chunks at a time, across gaps") {
  int trips = 0;
  CacheOptions options = CacheFixture::options();
  options.key = KeyOptions::bifrost();
  const auto cache = Cache::create(std::make_unique<BatchStore>(store, trips), options).value();
  const auto trips_of = [&](const std::string& name, bool hit) {
    trips = 0;
    CHECK(cache->get_named(name, Deadline::never()).value().entry.has_value() == hit);
    return trips;
  };
  for (std::size_t i = 0; i < 500; ++i) put("s_1_chunk_" + std::to_string(i), payload(i, 500));
  CHECK(trips_of("s_1_chunk_", true) == 9);   // the eighth window ends the stream, and one more follows
  CHECK(trips_of("s_2_chunk_", false) == 2);  // two windows without a chunk
  put("s_3_chunk_0", R"({"extra_fields":{"chunk_index":0}})");
  put("s_3_chunk_130", payload(130, 131));
  CHECK(trips_of("s_3_chunk_", true) == 4);
  put("s_4_chunk_0", R"({"extra_fields":{"chunk_index":0}})");
  put("s_4_chunk_192", payload(192, 193));
  CHECK(trips_of("s_4_chunk_", false) == 3);
}

TEST_CASE_METHOD(GatewayFixture, "put writes exactly the keys and values that the plugin would have written") {
  const auto cache = make_gateway();
  const auto key = cache->key(data.request).value();
  const auto written = stored();
  REQUIRE(cache->clear(data.chunk_name(3), Deadline::never()) == written.size());
  REQUIRE(stored().empty());
  REQUIRE(cache->put(key, response(written.at(data.key)), {}, Deadline::never()));
  REQUIRE(cache->put(streamed(key), stream(data.events()), {}, Deadline::never()));
  CHECK(stored() == written);
}

TEST_CASE_METHOD(GatewayFixture, "an answer that a lookup of its request would not find is not put") {
  const auto cache = make_gateway();
  const auto key = cache->key(data.request).value();
  const Answer whole = response(stored().at(data.key));
  const Answer chunked = stream(data.events());
  REQUIRE(cache->clear(data.key, Deadline::never()));
  const auto no_stream = cache->put(streamed(key), whole, {}, Deadline::never());
  REQUIRE_FALSE(no_stream);
  CHECK(no_stream.error().code == ErrorCode::policy);
  CHECK(no_stream.error().message == "the request asks for a stream, which this answer is not");
  const auto no_response = cache->put(key, chunked, {}, Deadline::never());
  REQUIRE_FALSE(no_response);
  CHECK(no_response.error().message == "the request does not ask for a stream, which this answer is");
  REQUIRE(cache->put_later(key, chunked));
  REQUIRE(cache->flush(Deadline::never()));
  CHECK(stored().empty());
  CHECK(cache->counters().refused[static_cast<std::size_t>(Refusal::unservable)] == 3);
}

TEST_CASE_METHOD(GatewayFixture, "the chunks of one stream are put together, and not with values of other entries") {
  const auto cache = make_gateway();
  const auto chunk = [&](std::size_t index) {
    return NamedEntry{data.chunk_name(index), stored().at(data.chunk_name(index)), {}};
  };
  const std::vector<NamedEntry> together{chunk(0), chunk(1)};
  const std::vector<NamedEntry> mixed{chunk(0), {data.key, stored().at(data.key), {}}};
  CHECK(cache->put_values(together, false, Deadline::never()).value());
  CHECK(cache->put_values(mixed, false, Deadline::never()).error().code == ErrorCode::corrupt);
}

TEST_CASE_METHOD(GatewayFixture, "a stream is also put from its chunks as lines") {
  const auto cache = make_gateway();
  const auto key = cache->key(data.request).value();
  const auto written = stored();
  std::string lines;
  for (std::size_t i = 0; i < data.hit_chunks.size(); ++i) lines += written.at(data.chunk_name(i)) + "\n";
  REQUIRE(cache->clear(data.key, Deadline::never()));
  REQUIRE(cache->put(streamed(key), stream(lines), {}, Deadline::never()));
  CHECK(stored().size() == data.hit_chunks.size());
  CHECK(cache->get(key, EntryKind::stream, Deadline::never()).value().entry->body() == data.events());
}

TEST_CASE_METHOD(GatewayFixture, "a stream with gaps is put under the indexes that its chunks have") {
  const auto cache = make_gateway();
  const auto key = cache->key(data.request).value();
  REQUIRE(cache->clear(data.key, Deadline::never()));
  const std::string sent = "data: " + payload(3, 5) + "\n\ndata: " + payload(4, 5) + "\n\n";
  REQUIRE(cache->put(streamed(key), stream(sent), {}, Deadline::never()));
  CHECK(stored() ==
        std::map<std::string, std::string>{{data.chunk_name(3), payload(3, 5)}, {data.chunk_name(4), payload(4, 5)}});
  CHECK(cache->put(streamed(key), stream(sent), {.ttl = {}, .only_new = true}, Deadline::never()) == false);
}

TEST_CASE_METHOD(GatewayFixture, "plain chat chunks are counted and given the request's provider") {
  const auto cache = make_gateway();
  const auto key = cache->key(data.request).value();
  REQUIRE(cache->clear(data.key, Deadline::never()));
  const std::string plain =
      "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n"
      "data: {\"choices\":[{\"index\":0,\"finish_reason\":\"stop\",\"delta\":{}}] }\n\n"
      "data: {\"choices\":[],\"usage\":{\"total_tokens\":3}}\n\ndata: [DONE]\n\n";
  REQUIRE(cache->put(streamed(key), stream(plain), {}, Deadline::never()));
  REQUIRE(stored().size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    const json expected{
        {"provider", "openai"}, {"model_params", json::object()}, {"chunk_index", i}, {"raw_response", nullptr}};
    CHECK(json::parse(stored().at(data.chunk_name(i)))["extra_fields"] == expected);
  }
  CHECK(cache->get(key, EntryKind::stream, Deadline::never()).value());
}

TEST_CASE_METHOD(GatewayFixture, "a stream that the plugin would not serve in order is refused") {
  const auto cache = make_gateway();
  const auto key = cache->key(data.request).value();
  const std::string plain = R"({"choices":[{"index":0,"delta":{"content":"a"}}]})";
  const std::vector<std::vector<std::string>> streams{{payload(1, 3), payload(0, 3), payload(2, 3)},
                                                      {payload(0, 3), payload(0, 3), payload(2, 3)},
                                                      {payload(0, 3), payload(2, 3)},
                                                      {plain, payload(1, 2)},
                                                      {payload(0, 2), plain},
                                                      {R"({"type":"speech.audio.done"})"}};
  for (const auto& chunks : streams) {
    std::string sent;
    for (const std::string& chunk : chunks) sent += "data: " + chunk + "\n\n";
    INFO(sent);
    const auto written = cache->put(streamed(key), stream(sent), {}, Deadline::never());
    REQUIRE_FALSE(written);
    CHECK(written.error().code == ErrorCode::policy);
  }
}

TEST_CASE_METHOD(GatewayFixture, "a shorter stream leaves no chunks of a longer one") {
  const auto cache = make_gateway();
  const auto key = cache->key(data.request).value();
  const std::string shorter = "data: " + payload(0, 2) + "\n\ndata: " + payload(1, 2) + "\n\ndata: [DONE]\n\n";
  REQUIRE(cache->put(streamed(key), stream(shorter), {.ttl = {}, .only_new = true}, Deadline::never()) == false);
  REQUIRE(cache->put(streamed(key), stream(shorter), {}, Deadline::never()) == true);
  CHECK(cache->get(key, EntryKind::stream, Deadline::never()).value().entry->body() == shorter);
  CHECK(stored().size() == 3);
}

TEST_CASE_METHOD(GatewayFixture, "an error is never stored, even if the policy accepts errors") {
  CacheOptions options = CacheFixture::options();
  options.key = KeyOptions::bifrost();
  options.policy.accept_errors = true;
  const auto cache = make(std::move(options));
  const auto key = cache->key(data.request).value();
  const std::string chunk = R"({"choices":[{"index":0,"finish_reason":"error","delta":{}}]})";
  for (const auto& bytes :
       {std::string(R"({"error":{"message":"overloaded"}})"), "data: " + chunk + "\n\ndata: [DONE]\n\n"}) {
    const auto written = cache->put(streamed(key), stream(bytes), {}, Deadline::never());
    REQUIRE_FALSE(written);
    CHECK(written.error().code == ErrorCode::policy);
  }
}

TEST_CASE_METHOD(GatewayFixture, "an entry with a TTL of 0 or less never expires") {
  const auto cache = make_gateway();
  const auto key = cache->key(data.request).value();
  for (const auto ttl : {Milliseconds(0), Milliseconds(-1), Milliseconds(-3'600'000)}) {
    REQUIRE(cache->put(key, response(data.values.at(data.key)), {.ttl = Ttl{ttl}}, Deadline::never()));
    const auto found = cache->get(key, EntryKind::response, Deadline::never()).value();
    REQUIRE(found);
    CHECK_FALSE(found.entry->expires());
  }
  REQUIRE(cache->put(key, response(data.values.at(data.key)), {.ttl = Ttl{Milliseconds(1)}}, Deadline::never()));
  CHECK(cache->get(key, EntryKind::response, Deadline::never()).value().entry->expires() ==
        clock.now() + Milliseconds(1));
}

TEST_CASE_METHOD(GatewayFixture, "an answer that the plugin could not decode is refused") {
  const auto cache = make_gateway();
  const auto key = cache->key(data.request).value();
  std::vector<Answer> answers{response("text"), response("[]"), stream("data: text\n\n"), stream("data: [DONE]\n\n")};
  for (const char* body :
       {R"({"id":1})", R"({"choices":{}})", R"({"choices":[{"index":"0"}]})", R"({"created":1.5})",
        R"({"choices":[{"message":{"content":5}}]})", R"({"choices":[{"finish_reason":7}]})", R"({"usage":"none"})",
        R"({"usage":{"total_tokens":1.5}})", R"({"model":null,"extra_fields":[]})",
        R"({"extra_fields":{"latency":"fast"}})", R"({"data":[{"embedding":{}}]})", R"({"speech":{"audio":"?"}})"}) {
    answers.push_back(response(body));
  }
  for (const Answer& answer : answers) {
    INFO(answer.body);
    const auto written =
        cache->put(answer.kind == EntryKind::stream ? streamed(key) : key, answer, {}, Deadline::never());
    REQUIRE_FALSE(written);
    CHECK(written.error().code == ErrorCode::policy);
  }
}

TEST_CASE_METHOD(GatewayFixture, "an answer of any kind that the plugin can decode is stored as it is") {
  const auto cache = make_gateway();
  const auto key = cache->key(data.request).value();
  for (
      const char* body :
      {R"({"choices":[{"index":0,"message":{"role":"assistant","content":[{"type":"text","text":"x"}],"thought":null},)"
       R"("finish_reason":"stop","logprobs":7}],"created":1,"unknown":[1]})",
       R"({"data":[{"index":0,"embedding":[0.1,2]},{"embedding":"AACA"},{"embedding":[[1],[2]]}]})",
       R"({"speech":{"audio":"aGk="},"extra_fields":{"provider":"openai","latency":0.5}})",
       R"({"transcribe":{"text":"x","words":[{"word":"x","start":0,"end":0.5}]},"model":"caf\u00e9"})"}) {
    REQUIRE(cache->put(key, response(body), {}, Deadline::never()));
    CHECK(cache->get(key, EntryKind::response, Deadline::never()).value().entry->body() == body);
  }
}

TEST_CASE_METHOD(GatewayFixture, "a stream expires with its first chunk that expires") {
  const auto cache = make_gateway();
  const auto key = cache->key(data.request).value();
  put(data.chunk_name(13), data.values.at(data.chunk_name(13)), std::chrono::seconds(1));
  CHECK(cache->get(key, EntryKind::stream, Deadline::never()).value().entry->expires() ==
        clock.now() + std::chrono::seconds(1));
  clock.advance(std::chrono::seconds(2));
  CHECK(cache->get(key, EntryKind::stream, Deadline::never()).value().miss == MissReason::incomplete);
}

TEST_CASE_METHOD(GatewayFixture, "a purge keeps values that are not a gateway's entries") {
  const auto cache = make_gateway();
  put("session:user", R"({"name":"x"})");
  put("counter_12", "7");
  PurgeFilter all;
  all.all = true;
  CHECK(cache->purge(all, Deadline::never())->entries == data.values.size());
  CHECK(stored().size() == 2);
}

TEST_CASE_METHOD(GatewayFixture, "an annotated entry equals the answer that the plugin serves on a hit") {
  CHECK(json::parse(libcache::bifrost::annotate(data.values.at(data.key), "openai", data.key).value()) ==
        json::parse(data.hit_response));
  for (std::size_t i = 0; i < data.hit_chunks.size(); ++i) {
    const std::string name = data.chunk_name(i);
    CHECK(json::parse(libcache::bifrost::annotate(data.values.at(name), "openai", name).value()) ==
          json::parse(data.hit_chunks[i]));
  }
  CHECK(libcache::bifrost::annotate(R"({"extra_fields":{"provider":"a","raw_response":"text"}})", "b", "k") ==
        R"({"extra_fields":{"provider":"b","raw_response":"text"}})");
  CHECK(json::parse(libcache::bifrost::annotate(R"({"extra_fields":{"chunk_index":7}})", "b", "k_chunk_")
                        .value())["extra_fields"] ==
        json{{"chunk_index", 7},
             {"provider", "b"},
             {"raw_response", {{"bifrost_cached", true}, {"bifrost_cache_key", "k_chunk_7"}}}});
  CHECK(json::parse(
            libcache::bifrost::annotate("{}", "b", "k").value())["extra_fields"]["raw_response"]["bifrost_cached"] ==
        true);
  CHECK(libcache::bifrost::annotate("[]", "b", "k").error().code == ErrorCode::corrupt);
}

TEST_CASE_METHOD(GatewayFixture, "an answer that a gateway served from its cache is stored without its note") {
  const auto cache = make_gateway();
  const auto key = cache->key(data.request).value();
  REQUIRE(cache->put(key, response(data.hit_response), {}, Deadline::never()));
  CHECK(json::parse(stored().at(data.key)) == json::parse(data.values.at(data.key)));
}
