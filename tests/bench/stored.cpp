#include "bench/stored.h"

#include <libcache/open.h>

#include <random>

#include "bench/requests.h"

namespace bench {

namespace {

using namespace std::chrono_literals;
using libcache::Answer;

// Like the stream of a provider that sends a word about every 20 ms.
Answer streamed_answer() {
  std::minstd_rand random(1);
  libcache::AnswerRecorder::TimePoint now;
  libcache::AnswerRecorder recorder({}, now);
  for (const std::string& event : chat_events(kStreamChunks)) {
    now += 10ms + std::chrono::milliseconds(random() % 20);
    recorder.write(event, now);
  }
  return std::move(recorder).finish(now);
}

void store(libcache::Cache& cache, const std::string& request, const Answer& answer) {
  libcache::RequestKey key = cache.key(request).value();
  key.stream = answer.kind == libcache::EntryKind::stream;
  cache.put(key, answer, {}, libcache::Deadline::after(30s)).value();
}

}  // namespace

libcache::Cache& Stored::cache() {
  if (!cache_) {
    libcache::CacheOptions options;
    options.ttl = libcache::Ttl::never();
    cache_ = libcache::Cache::create(open_store(libcache::StoreUrl::parse(url_).value()).value(), options).value();
  }
  return *cache_;
}

void Stored::fill(unsigned entries) {
  for (unsigned number = 0; number < entries; ++number) {
    Answer answer;
    answer.body = chat_answer(kAnswerSize, number);
    store(cache(), chat_request(kRequestSize, number), answer);
  }
  store(cache(), stream_request(), streamed_answer());
}

const std::vector<std::string>& sample_requests() {
  static const auto made = [] {
    std::vector<std::string> requests;
    for (unsigned number = 0; number < kSamples; ++number) requests.push_back(chat_request(kRequestSize, number));
    return requests;
  }();
  return made;
}

std::string stream_request() {
  return chat_request(kRequestSize, kSamples);
}

}  // namespace bench
