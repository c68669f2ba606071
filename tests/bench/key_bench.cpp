// Deriving a key, compared with parsing and writing the same request with nlohmann_json. Compare within one run:
// --benchmark_enable_random_interleaving=true --benchmark_repetitions=20
#include <benchmark/benchmark.h>
#include <libcache/key.h>

#include <nlohmann/json.hpp>

#include "bench/requests.h"

namespace {

void count_bytes(benchmark::State& state, const std::string& request) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * request.size()));
}

void derive(benchmark::State& state, const libcache::KeyOptions& options) {
  const std::string request = bench::chat_request(static_cast<std::size_t>(state.range(0)));
  auto deriver = libcache::KeyDeriver::create(options);
  for (auto _ : state) {
    auto key = deriver->derive(request);
    if (!key) state.SkipWithError(key.error().message.c_str());
    benchmark::DoNotOptimize(key);
  }
  count_bytes(state, request);
}

void derive_native(benchmark::State& state) {
  derive(state, {});
}

void derive_bifrost(benchmark::State& state) {
  derive(state, libcache::KeyOptions::bifrost());
}

void parse_and_dump(benchmark::State& state) {
  const std::string request = bench::chat_request(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(nlohmann::json::parse(request).dump());
  count_bytes(state, request);
}

BENCHMARK(derive_native)->Arg(2 << 10)->Arg(1 << 20);
BENCHMARK(derive_bifrost)->Arg(2 << 10)->Arg(1 << 20);
BENCHMARK(parse_and_dump)->Arg(2 << 10)->Arg(1 << 20);

}  // namespace

BENCHMARK_MAIN();
