#include "bench/database.h"

#include "bench/requests.h"

namespace bench {

std::unique_ptr<libcache::Cache> open_cache(const std::filesystem::path& database) {
  const auto url = libcache::StoreUrl::parse("sqlite:" + database.string()).value();
  libcache::CacheOptions options;
  options.ttl = libcache::Ttl::never();
  return libcache::Cache::create(libcache::open_store(url).value(), options).value();
}

void fill_database(const std::filesystem::path& database, unsigned entries) {
  const auto cache = open_cache(database);
  for (unsigned number = 0; number < entries; ++number) {
    libcache::Answer answer;
    answer.body = chat_answer(kAnswerSize, number);
    const auto key = cache->key(chat_request(kRequestSize, number)).value();
    cache->put(key, answer, {}, libcache::Deadline::after(std::chrono::seconds(30))).value();
  }
}

std::vector<std::string> sample_requests() {
  std::vector<std::string> requests;
  for (unsigned number = 0; number < kSamples; ++number) requests.push_back(chat_request(kRequestSize, number));
  return requests;
}

}  // namespace bench
