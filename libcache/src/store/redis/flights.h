// Flights among all clients of a server or cluster.
//
// Beside a value lie, for as long as its flight lasts and a little longer, the lease (a string, its leader's random
// token, set with NX and PX) and the pieces (a stream of the token's own). Hash tags keep the three in one slot. The
// commands: SET, GET, EXISTS; XADD, PEXPIRE, XREAD; WATCH, UNWATCH, MULTI, EXEC, DEL.
#pragma once

#include <libcache/flight.h>
#include <libcache/redis_options.h>

#include <string>
#include <string_view>

#include "store/redis/client.h"

namespace libcache::internal::redis {

// In the store: the names never change meaning.
struct FlightNames {
  std::string lease;
  std::string live;
  std::string token;
};
FlightNames flight_names(std::string_view name, std::string token);
// Whether something in the store is a lease and no value.
bool is_lease_name(std::string_view name);

// How long a lease lasts that is not renewed, and how long pieces stay after the last one.
inline constexpr Milliseconds kLeaseTime{5000};
inline constexpr Milliseconds kLiveTime{30'000};

// The fields of a stream's records.
inline constexpr std::string_view kPieceField = "piece";
inline constexpr std::string_view kLandedField = "landed";  // its value is the size
inline constexpr std::string_view kAbandonedField = "abandoned";

std::unique_ptr<Lease> make_lease(Client& client, FlightNames names);
std::unique_ptr<LiveTail> make_live_tail(Client& client, FlightNames names, Milliseconds longest_block);

// Thread-safe.
class SharedFlights {
 public:
  // `client` must outlive this and all flights.
  SharedFlights(Client& client, const RedisOptions& options);
  Result<Flight> join(std::string_view name, Deadline deadline);

 private:
  Client& client_;
  Milliseconds longest_block_;
};

}  // namespace libcache::internal::redis
