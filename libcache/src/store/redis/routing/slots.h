// Which of a cluster's slots a key lies in, and which server has which slots.
#pragma once

#include <libcache/result.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "store/redis/wire/endpoint.h"
#include "store/redis/wire/reply.h"

namespace libcache::internal::redis {

inline constexpr std::size_t kSlots = 16384;

// CRC16 of the key, or of what stands between its first braces if that is not empty.
std::uint16_t slot_of(std::string_view key);

// Slots from `first` to `last`, the master that serves them, and its replicas.
struct SlotRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  Endpoint master;
  std::vector<Endpoint> replicas;
};

// Reads the reply to CLUSTER SLOTS. A server that does not know its own host is taken to be where it was asked. Fails
// (refused) for what is no such reply.
Result<std::vector<SlotRange>> parse_slots(const Reply& reply, const Endpoint& asked);

// Where "MOVED 3999 127.0.0.1:6381" or "ASK 3999 :6381" sends us; an empty host is that of the server which said so.
Result<Endpoint> parse_redirection(std::string_view text, const Endpoint& asked);

}  // namespace libcache::internal::redis
