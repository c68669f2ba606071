// Flights among all clients of a server or cluster.
//
// During a flight and shortly after it there are up to three more keys beside the value: the lease (a string that holds
// the leader's random token, set with NX and PX), the pieces (a stream, named by the token) and a mark that followers
// refresh (also a stream, so that it is never taken for a value). Hash tags keep them all in one slot. The commands:
// SET, GET, EXISTS; XADD, PEXPIRE, XREAD; WATCH, UNWATCH, MULTI, EXEC, DEL.
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
  std::string followed;
  std::string token;
};
FlightNames flight_names(std::string_view name, std::string token);
// Whether something in the store is a lease and no value.
bool is_lease_name(std::string_view name);

// How long a lease lasts that is not renewed, how long pieces stay after the last one, and how long a follower counts
// after its last read.
inline constexpr Milliseconds kLeaseTime{5000};
inline constexpr Milliseconds kLiveTime{30'000};
inline constexpr Milliseconds kFollowedTime{2000};

// The fields of a stream's records.
inline constexpr std::string_view kPieceField = "piece";
inline constexpr std::string_view kStoredField = "stored";      // its value is the size
inline constexpr std::string_view kCompleteField = "complete";  // the same
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
