// Deriving a key, beside parsing and writing the same request with nlohmann_json. Compare within one run:
// --benchmark_enable_random_interleaving=true --benchmark_repetitions=20
#include <benchmark/benchmark.h>
#include <libcache/key.h>

#include <nlohmann/json.hpp>

#include "bench/requests.h"

namespace {

void count_bytes(benchmark::State& state, const std::string& request) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * request.size()));
}

void derive_native(benchmark::State& state) {
  const std::string request = bench::chat_request(static_cast<std::size_t>(state.range(0)));
  auto deriver = libcache::KeyDeriver::create({});
  for (auto _ : state) benchmark::DoNotOptimize(deriver->derive(request));
  count_bytes(state, request);
}

void parse_and_dump(benchmark::State& state) {
  const std::string request = bench::chat_request(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(nlohmann::json::parse(request).dump());
  count_bytes(state, request);
}

BENCHMARK(derive_native)->Arg(2 << 10)->Arg(1 << 20);
BENCHMARK(parse_and_dump)->Arg(2 << 10)->Arg(1 << 20);

}  // namespace

BENCHMARK_MAIN();
