// Getting an answer from wherever it comes soonest: the store, somebody who is just asking for it, or its producer.
//
// Of all who fill one request at one time, in any thread, process or machine that shares the store, one leads and calls
// its producer. The others follow: they hand out a stream's bytes as they reach the leader, from the first one on, and
// any other answer once it is stored. If the leader dies or its answer is not stored, a follower that has handed out
// nothing may lead next; one that has handed out a part fails (corrupt), for what it holds can never become whole.
#pragma once

#include <libcache/answer.h>
#include <libcache/export.h>
#include <libcache/result.h>
#include <libcache/time.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace libcache LIBCACHE_EXPORT {

/// An answer that is just being produced, as its producer sees it.
class Filling {
 public:
  virtual ~Filling() = default;
  /// Hands out and records the next bytes. Fails as the receiver does, and with a timeout: the producer should stop.
  [[nodiscard]] virtual Status write(std::string_view bytes) = 0;
  /// Gets ready to store the answer. For producers that have to wait for their first bytes anyway; takes a few
  /// milliseconds at most, and need not be called.
  virtual void prepare() = 0;
  /// Nothing will be stored whatever comes: lets somebody else lead at once.
  virtual void give_up() = 0;
};

/// Writes an answer from its first byte to its last. If it fails nothing is stored.
using Producer = std::function<Status(Filling&)>;
/// Takes the answer's bytes as they come. Its failure ends everything and is handed through.
using Receiver = std::function<Status(std::string_view)>;

struct FillOptions {
  /// The caller has just looked the request up, and it was a miss.
  bool looked_up = false;
  /// Looks nothing up and follows nobody: produces, and overwrites what is stored.
  bool overwrite = false;
  /// Hands out what a leader streams as it arrives; otherwise once it is stored.
  bool live = true;
  /// How long a follower waits for its leader to show anything new. Then it produces the answer itself, without storing
  /// it, or fails (corrupt) if it has handed out a part. Nothing: as long as there is a leader.
  std::optional<Milliseconds> wait = {};
  /// What the store may take in all, besides the waiting.
  Milliseconds store_budget = std::chrono::seconds(3);
  /// Why an answer is not to be stored although its producer succeeded; empty: the cache's policy decides.
  std::function<std::string(const Answer&)> refuse = {};
};

/// How an answer was come by, and what became of it.
struct Filled {
  enum class Source { store, leader, producer };
  Source source = Source::store;
  /// Of one that was produced: why it was refused by policy, or what the store said.
  std::string refused = {};
  Status stored = {};
};

}  // namespace libcache LIBCACHE_EXPORT
