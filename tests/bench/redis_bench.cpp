// The Redis store compared with hiredis alone, on the same server with 100,000 values of 4 KB. Compare within one run:
// --benchmark_enable_random_interleaving=true --benchmark_repetitions=20
#include <benchmark/benchmark.h>
#include <hiredis/hiredis.h>
#include <libcache/open.h>

#include <cstdlib>
#include <memory>
#include <random>
#include <string>

#include "support/redis_server.h"

namespace {

using namespace libcache;

constexpr int kEntries = 100'000;

std::string name_of(unsigned entry) {
  return "llmcache:default_000000000000000000000000" + std::to_string(entry);
}

class Names {
 public:
  std::string next() { return name_of(random_() % kEntries); }

 private:
  std::mt19937 random_{1};
};

std::string value_of_4_kb() {
  std::mt19937 random(2);
  std::string value;
  for (int i = 0; i < 4096; ++i) value += static_cast<char>(random());
  return value;
}

class Server {
 public:
  static Server& filled() {
    static Server server;
    return server;
  }
  support::RedisServer& redis() { return redis_; }
  Store& store() { return *store_; }

 private:
  Server() : store_(open_store(*StoreUrl::parse(redis_.url())).value()) {
    const auto value = value_of_4_kb();
    for (unsigned entry = 0; entry < kEntries; ++entry) {
      if (!store_->put(name_of(entry), value, {}, Deadline::never())) std::abort();
    }
  }
  support::RedisServer redis_;
  std::unique_ptr<Store> store_;
};

void bare_get(benchmark::State& state) {
  const std::unique_ptr<redisContext, void (*)(redisContext*)> context(
      redisConnect("127.0.0.1", Server::filled().redis().port()), redisFree);
  Names names;
  for (auto _ : state) {
    const auto name = names.next();
    auto* reply = static_cast<redisReply*>(redisCommand(context.get(), "GET %b", name.data(), name.size()));
    if (reply == nullptr || reply->len != 4096) std::abort();
    freeReplyObject(reply);
  }
}

void store_get(benchmark::State& state) {
  Store& store = Server::filled().store();
  Names names;
  for (auto _ : state) {
    const auto value = store.get(names.next(), Deadline::after(std::chrono::seconds(3)));
    if (!value || !*value) std::abort();
  }
}

void store_put(benchmark::State& state) {
  Store& store = Server::filled().store();
  const auto value = value_of_4_kb();
  Names names;
  for (auto _ : state) {
    if (!store.put(names.next(), value, {}, Deadline::after(std::chrono::seconds(3)))) std::abort();
  }
}

void dead_server(benchmark::State& state) {
  const auto store = open_store(*StoreUrl::parse("redis://127.0.0.1:1")).value();
  for (auto _ : state) {
    if (store->get("a", Deadline::after(std::chrono::seconds(3)))) std::abort();
  }
}

BENCHMARK(bare_get)->UseRealTime();
BENCHMARK(store_get)->UseRealTime();
BENCHMARK(store_put)->UseRealTime();
BENCHMARK(bare_get)->Threads(8)->UseRealTime();
BENCHMARK(store_get)->Threads(8)->UseRealTime();
BENCHMARK(dead_server)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
