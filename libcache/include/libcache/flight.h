// One flight for each name: of all who find a value missing, one leads and makes it, and the others follow.
//
// A power that a store may have besides its verbs, reached with flights_of(). The same contract for every store,
// checked by the conformance suite (tests/stores). Nothing here replaces a value in the store or proves one: a flight
// only keeps many from making the same value, and shares its pieces while they still arrive.
#pragma once

#include <libcache/export.h>
#include <libcache/result.h>
#include <libcache/store.h>
#include <libcache/time.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace libcache LIBCACHE_EXPORT {

/// The lead of a flight: nobody else leads one of the same name while this is held. Ends with its holder, however that
/// ends: at once where the system can tell, otherwise within a few seconds, for it expires unless it is renewed, which
/// it does by itself. Must not outlive its store. One thread at a time.
class Lease {
 public:
  /// Gives the lead up, at once. Followers find the flight abandoned unless it was landed.
  virtual ~Lease() = default;
  /// Shows the followers another piece of the value. After a failure they see no further ones.
  [[nodiscard]] virtual Status append(std::string_view piece, Deadline deadline) = 0;
  /// The value is in the store now. `size`: of what was to be appended in all, so that followers can tell whether they
  /// have seen everything. The lead is over.
  [[nodiscard]] virtual Status land(std::uint64_t size, Deadline deadline) = 0;
};

/// What a follower sees of a flight, from its first piece on. Must not outlive its store. One thread at a time.
class LiveTail {
 public:
  enum class State {
    flying,     ///< there may be more
    landed,     ///< the value is in the store
    abandoned,  ///< the leader has given up or died; somebody else may lead now
  };
  struct News {
    std::string bytes;  ///< pieces joined as they came; their boundaries do not matter
    State state = State::flying;
    std::uint64_t size = 0;  ///< once landed, as the leader said
  };
  virtual ~LiveTail() = default;
  /// Waits until there are further bytes or the flight ends. At the deadline: no news, which is no failure. Bytes may
  /// come together with an end; nothing comes after it. Fails as the store's verbs do.
  [[nodiscard]] virtual Result<News> read(Deadline deadline) = 0;
};

/// A place in a flight: exactly one of the two.
struct Flight {
  std::unique_ptr<Lease> lease;
  std::unique_ptr<LiveTail> tail;
  /// With a lease: a value stands in the store already, perhaps since the flight before this one.
  bool value_present = false;
};

/// Thread-safe, as every store is.
class Flights {
 public:
  virtual ~Flights() = default;
  /// Takes the lead of the flight for `name`, or follows who has it. Fails as the store's verbs do; not_supported.
  [[nodiscard]] virtual Result<Flight> join(std::string_view name, Deadline deadline) = 0;
};

/// The power of a store, or nullptr if it has none. Lives as long as the store.
Flights* flights_of(Store& store);

}  // namespace libcache LIBCACHE_EXPORT
