// The entries that hits are measured on.
#pragma once

#include <libcache/cache.h>

#include <memory>
#include <string>
#include <vector>

namespace bench {

inline constexpr std::size_t kRequestSize = 2 << 10;
inline constexpr std::size_t kAnswerSize = 4 << 10;
inline constexpr std::size_t kStreamChunks = 500;
inline constexpr unsigned kSamples = 1000;

// The answers to our requests in one store. Throws if something fails, like everything in this folder.
class Stored {
 public:
  explicit Stored(std::string url) : url_(std::move(url)) {}

  const std::string& url() const { return url_; }
  // The same cache on every call.
  libcache::Cache& cache();
  // Stores answers to `entries` requests, and a stream; they never expire.
  void fill(unsigned entries);

 private:
  std::string url_;
  std::unique_ptr<libcache::Cache> cache_;
};

// The requests that hits are measured with, the same for all threads. They are stored if at least kSamples entries are.
const std::vector<std::string>& sample_requests();

// The request whose answer is stored as a stream.
std::string stream_request();

}  // namespace bench
