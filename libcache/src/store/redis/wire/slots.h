// The slots of a cluster: the slot of a key, and the servers of each slot.
#pragma once

#include <libcache/result.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "store/redis/wire/endpoint.h"
#include "store/redis/wire/reply.h"

namespace libcache::internal::redis {

inline constexpr std::size_t kSlots = 16384;

// The CRC16 of the key's hash tag (the text between the first { and the next }), or of the whole key if it has none.
std::uint16_t slot_of(std::string_view key);

// The slots from `first` to `last`, the master that serves them, and its replicas.
struct SlotRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  Endpoint master;
  std::vector<Endpoint> replicas;
};

// Reads the reply to CLUSTER SLOTS. A server without a host name has the host that was asked. Fails (refused) if the
// reply is malformed.
Result<std::vector<SlotRange>> parse_slots(const Reply& reply, const Endpoint& asked);

// The target of a redirection such as "MOVED 3999 127.0.0.1:6381" or "ASK 3999 :6381". An empty host is the host that
// was asked. Fails (refused) if the redirection is malformed.
Result<Endpoint> parse_redirection(std::string_view text, const Endpoint& asked);

}  // namespace libcache::internal::redis
