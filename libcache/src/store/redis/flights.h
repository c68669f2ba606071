// Flights between all clients of a Redis server or cluster.
//
// The leader of a flight is the client whose token the lease holds. It renews the lease, appends the pieces of the
// value to a stream, and finally appends how the flight ended. Followers read that stream. If the leader dies, its
// lease expires. (names in flight_names.h; commands: SET, GET, EXISTS, XADD, PEXPIRE, XREAD, WATCH, UNWATCH, MULTI,
// EXEC, DEL.)
#pragma once

#include <libcache/flight.h>
#include <libcache/redis_options.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "store/redis/flight_names.h"
#include "store/redis/routing/client.h"

namespace libcache::internal::redis {

// A lease that is not renewed expires after this time: a dead leader is detected no later than that.
inline constexpr Milliseconds kLeaseTime{1600};
// How long pieces stay after the last one, and how long a follower counts as one after its last read.
inline constexpr Milliseconds kLiveTime{30'000};
inline constexpr Milliseconds kFollowedTime{2000};

// The fields of the records in the stream of pieces.
inline constexpr std::string_view kPieceField = "piece";
inline constexpr std::string_view kStoredField = "stored";      // with the size of the value
inline constexpr std::string_view kCompleteField = "complete";  // with the size of the value
inline constexpr std::string_view kAbandonedField = "abandoned";

// The side of a leader, whose token has just been written to the lease.
std::unique_ptr<Lease> make_lease(Client& client, FlightNames names, std::string token);
// How the followers of one process wait for pieces: at most `places` at the server, each on a connection of its own, so
// that connections remain for other calls. The others ask again and again.
struct Waiting {
  Milliseconds longest_block{250};
  std::atomic<int> places{1};
};
// The side of a follower, who has found `lease` in the lease. `waiting` must outlive it.
std::unique_ptr<LiveTail> make_live_tail(Client& client, FlightNames names, std::string lease, Waiting& waiting);

class SharedFlights final : public Flights {
 public:
  // `client` must outlive this and all flights.
  SharedFlights(Client& client, const RedisOptions& options);
  Result<Flight> join(std::string_view name, Deadline deadline) override;

 private:
  Client& client_;
  const Milliseconds operation_timeout_;
  Waiting waiting_;
};

}  // namespace libcache::internal::redis
