#include "cache/fill/flight_head.h"

#include <algorithm>
#include <cstdint>

#include "entry/metadata.h"

namespace libcache::internal {

namespace {

constexpr std::size_t kProofBytes = std::tuple_size_v<Digest>;
constexpr std::size_t kLengthBytes = 4;

}  // namespace

std::string write_flight_head(const Digest& proof, const Metadata& metadata) {
  const std::string json = write_metadata(metadata);
  std::string head(proof.begin(), proof.end());
  for (std::size_t byte = 0; byte < kLengthBytes; ++byte) head += static_cast<char>(json.size() >> (8 * byte) & 0xff);
  return head + json;
}

std::optional<FlightHead> read_flight_head(std::string_view bytes) {
  constexpr std::size_t kFixedBytes = kProofBytes + kLengthBytes;
  if (bytes.size() < kFixedBytes) return std::nullopt;
  std::size_t length = 0;
  for (std::size_t byte = 0; byte < kLengthBytes; ++byte) {
    length |= std::size_t{static_cast<std::uint8_t>(bytes[kProofBytes + byte])} << (8 * byte);
  }
  if (bytes.size() - kFixedBytes < length) return std::nullopt;
  FlightHead head;
  std::ranges::copy(bytes.substr(0, kProofBytes), head.proof.begin());
  if (const auto metadata = read_metadata(bytes.substr(kFixedBytes, length))) head.metadata = *metadata;
  head.size = kFixedBytes + length;
  return head;
}

}  // namespace libcache::internal
