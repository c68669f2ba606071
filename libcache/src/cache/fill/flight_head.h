// The head of a flight: what a leader sends to its followers about an answer, before the answer's first byte.
#pragma once

#include <libcache/digest.h>
#include <libcache/entry.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace libcache::internal {

// The proof of the request (32 bytes), the length of the metadata (4 bytes, little endian), and the metadata as JSON.
std::string write_flight_head(const Digest& proof, const Metadata& metadata);

struct FlightHead {
  Digest proof;
  Metadata metadata;  // empty if it cannot be read
  std::size_t size = 0;
};
// Reads the head from the first bytes of a flight; nullopt if they do not hold all of it yet.
std::optional<FlightHead> read_flight_head(std::string_view bytes);

}  // namespace libcache::internal
