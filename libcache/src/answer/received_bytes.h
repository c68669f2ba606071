// The bytes of an answer while it arrives.
#pragma once

#include <libcache/time.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace libcache::internal {

// A process may receive thousands of streams at a time, each for minutes. What has been read of a slow one is therefore
// kept compressed until the answer is whole. One thread at a time.
class ReceivedBytes {
 public:
  // `now`: since the recording began.
  void append(std::string_view bytes, Milliseconds now);
  std::size_t size() const { return compressed_ + plain_.size(); }
  // What follows the first `begin` bytes, which must include those that are kept compressed. Valid until the next call.
  std::string_view after(std::size_t begin) const { return std::string_view(plain_).substr(begin - compressed_); }
  // The first `end` bytes have been read: after() will not be asked for them again.
  void set_read(std::size_t end, Milliseconds now);
  // All bytes in one string.
  std::string& whole();

 private:
  std::vector<std::string> blocks_;  // each a zstd frame
  std::size_t compressed_ = 0;       // the size of their contents
  std::string plain_;                // what follows them
  Milliseconds plain_since_{0};
};

}  // namespace libcache::internal
