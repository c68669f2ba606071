// Hash functions. Only hash.cpp uses xxHash and the SHA-256 implementation.
#pragma once

#include <libcache/digest.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace libcache::internal {

// SHA-256 of the concatenated parts.
Digest sha256_of(std::span<const std::string_view> parts);

// XXH3-128, seed 0, as 32 lower-case hex digits in the order that `xxh128sum` prints.
std::string xxh3_128_hex(std::string_view bytes);

// XXH3-64, seed 0: the checksum of entries, and the endpoint in names.
std::uint64_t xxh3_64(std::string_view bytes);

// XXH3-64, seed 0, of bytes that arrive in pieces.
class RunningHash {
 public:
  RunningHash();
  RunningHash(RunningHash&&) noexcept;
  RunningHash& operator=(RunningHash&&) noexcept;
  ~RunningHash();
  void write(std::string_view bytes);
  std::uint64_t value() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// XXH64, seed 0: Bifrost's key hash.
std::uint64_t xxh64(std::string_view bytes);

}  // namespace libcache::internal
