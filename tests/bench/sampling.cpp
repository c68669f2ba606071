#include "bench/sampling.h"

#include <libcache/cache.h>
#include <libcache/open.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>

#include "bench/requests.h"
#include "bench/stored.h"

namespace bench {
namespace {

// How often an operation is repeated for one sample, so that a sample takes about a millisecond.
std::size_t repetitions(const Operation& operation) {
  std::size_t count = 1;
  while (time_each(operation, count) * static_cast<double>(count) < 1e6) count *= 2;
  return count;
}

}  // namespace

double time_each(const Operation& operation, std::size_t count) {
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < count; ++i) operation();
  const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begin;
  return taken.count() / static_cast<double>(count);
}

std::array<Samples, 3> compare(const Operation& a, const Operation& b, int rounds, unsigned seed) {
  const std::array<const Operation*, 3> operations = {&a, &b, &a};
  const auto count_a = repetitions(a);
  const std::array<std::size_t, 3> counts = {count_a, repetitions(b), count_a};
  std::array<Samples, 3> samples;
  std::minstd_rand random(seed);
  for (int round = 0; round < rounds; ++round) {
    std::array<std::size_t, 3> order = {0, 1, 2};
    std::shuffle(order.begin(), order.end(), random);
    for (const auto which : order) samples[which].push_back(time_each(*operations[which], counts[which]));
  }
  return samples;
}

Operation side_by_side(std::vector<Operation> operations) {
  return [operations = std::move(operations)] {
    constexpr std::size_t kTimes = 200;
    std::vector<std::jthread> threads;
    for (const Operation& operation : operations) threads.emplace_back([&] { time_each(operation, kTimes); });
  };
}

Samples sample_put_later(int rounds) {
  constexpr std::size_t kPuts = 256;
  const auto url = libcache::StoreUrl::parse("memory:").value();
  const auto cache = libcache::Cache::create(libcache::open_store(url).value()).value();
  const auto key = cache->key(chat_request(kRequestSize)).value();
  libcache::Answer answer;
  answer.body = chat_answer(kAnswerSize);
  Samples samples;
  for (int round = 0; round < rounds; ++round) {
    std::vector<std::pair<libcache::RequestKey, libcache::Answer>> puts(kPuts, {key, answer});
    const auto put = [cache = cache.get(), next = puts.begin()]() mutable {
      cache->put_later(std::move(next->first), std::move(next->second));
      ++next;
    };
    samples.push_back(time_each(put, kPuts));
    if (!cache->flush(libcache::Deadline::never())) throw std::runtime_error("the queue was not written");
  }
  if (cache->counters().dropped != 0) throw std::runtime_error("the queue was full: puts were dropped");
  return samples;
}

}  // namespace bench
