#include "cache/fill/flight_head.h"

#include <cstdint>

#include "entry/metadata.h"

namespace libcache::internal {

namespace {

constexpr std::size_t kLengthBytes = 4;

}  // namespace

std::string write_flight_head(const Metadata& metadata) {
  const std::string json = write_metadata(metadata);
  std::string head;
  for (std::size_t byte = 0; byte < kLengthBytes; ++byte) head += static_cast<char>(json.size() >> (8 * byte) & 0xff);
  return head + json;
}

std::optional<FlightHead> read_flight_head(std::string_view bytes) {
  if (bytes.size() < kLengthBytes) return std::nullopt;
  std::size_t length = 0;
  for (std::size_t byte = 0; byte < kLengthBytes; ++byte) {
    length |= std::size_t{static_cast<std::uint8_t>(bytes[byte])} << (8 * byte);
  }
  if (bytes.size() - kLengthBytes < length) return std::nullopt;
  const auto metadata = read_metadata(bytes.substr(kLengthBytes, length));
  return FlightHead{.metadata = metadata.value_or(Metadata()), .size = kLengthBytes + length};
}

}  // namespace libcache::internal
