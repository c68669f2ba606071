// Single flight: of all callers that miss one value at the same time, one produces it and the others follow.
//
// Flights are an optional capability of a store (Store::flights()). The contract is the same for every store and is
// checked by the conformance suite (tests/stores). A flight never replaces a value in the store and never proves one:
// it only keeps many callers from producing the same value, and shares the value's bytes while they arrive.
#pragma once

#include <libcache/export.h>
#include <libcache/result.h>
#include <libcache/time.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace libcache LIBCACHE_EXPORT {

/// The state of a flight.
enum class FlightState {
  flying,     ///< the leader is still producing the value
  stored,     ///< the value is complete and in the store
  complete,   ///< the value is complete but not in the store: only its followers can get it
  abandoned,  ///< the leader gave up, failed or died: there is no value to share
};

/// The leader's side of a flight. While it exists, no other caller leads a flight of the same name. When the process that
/// holds it dies, the flight is abandoned: at once where the system can tell, otherwise within 2 seconds, because a
/// lease that is not renewed expires (it renews itself). Must not outlive its store. One thread at a time.
class Lease {
 public:
  /// Ends the flight as abandoned, unless end() was called before.
  virtual ~Lease() = default;
  /// Shares the next bytes of the value with the followers. After a failure no further bytes are shared; the flight
  /// itself goes on. Fails (refused) beyond the 64 MiB of a value that a store shares.
  [[nodiscard]] virtual Status append(std::string_view piece, Deadline deadline) = 0;
  /// Ends the flight. `how` is stored, complete or abandoned. `size` is the number of bytes that were to be appended in
  /// all, which tells followers whether they have seen every byte. Only the first call counts.
  [[nodiscard]] virtual Status end(FlightState how, std::uint64_t size, Deadline deadline) = 0;
  /// Whether this flight has followers. A follower that has left may count for up to 2 seconds more.
  [[nodiscard]] virtual Result<bool> has_followers(Deadline deadline) = 0;
};

/// A follower's side of a flight: the value's bytes from the first one on. Must not outlive its store. One thread at a
/// time.
class LiveTail {
 public:
  struct News {
    std::string bytes;  ///< the next bytes; how they were cut into pieces is not preserved
    FlightState state = FlightState::flying;
    std::uint64_t size = 0;  ///< once the flight is stored or complete: the size that the leader gave
  };
  virtual ~LiveTail() = default;
  /// Waits until more bytes have arrived or the flight has ended. At the deadline it returns no bytes and `flying`,
  /// which is not an error. The last bytes may come together with the end. Fails as the store's functions do.
  [[nodiscard]] virtual Result<News> read(Deadline deadline) = 0;
};

/// The caller's side of a flight: exactly one of the two pointers is set.
struct Flight {
  std::unique_ptr<Lease> lease;
  std::unique_ptr<LiveTail> tail;
  /// With a lease: the store holds a value of this name, perhaps since the previous flight ended.
  bool value_present = false;
};

/// Thread-safe, as every store is.
class Flights {
 public:
  virtual ~Flights() = default;
  /// Leads the flight of `name` if no other caller does, otherwise follows its leader. Fails as the store's functions do;
  /// not_supported.
  [[nodiscard]] virtual Result<Flight> join(std::string_view name, Deadline deadline) = 0;
};

}  // namespace libcache LIBCACHE_EXPORT
