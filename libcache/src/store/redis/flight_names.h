// The names of the keys that a flight keeps in Redis, next to the entry that it is about.
#pragma once

#include <string>
#include <string_view>

namespace libcache::internal::redis {

// All names begin with the entry's name, so that access rules for its prefix cover them, and lie in the entry's slot of a
// cluster. They are shared by all clients of a server and must not change meaning.
struct FlightNames {
  FlightNames(std::string_view entry, std::string_view token);

  std::string lease;     // a string: the leader's token, a space and the number of renewals
  std::string live;      // a stream: the pieces of the value, and how the flight ended
  std::string followed;  // a stream, so that it is never taken for a value: exists while the flight is followed
};

// Whether a string in the store is a lease and not a value.
bool is_lease_name(std::string_view name);

// The token in a lease: everything before the space.
std::string_view token_in(std::string_view lease);

}  // namespace libcache::internal::redis
