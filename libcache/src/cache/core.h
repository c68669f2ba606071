// The parts of a cache, and the steps that its functions share: key, find, put. Cache (cache.h) adds the queue of
// background writes; Fill (fill.h) adds flights.
#pragma once

#include <libcache/cache.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "answer/policy.h"
#include "base/guarded.h"
#include "cache/counter_set.h"
#include "cache/event_reporter.h"
#include "cache/layout/entries.h"
#include "store/local_flights.h"

namespace libcache::internal {

// When an entry expires that was stored at a time; nullopt: never. A longer lifetime than stores can represent counts as
// never.
std::optional<UnixTime> expiry(UnixTime created, const std::optional<Milliseconds>& lifetime);

// Thread-safe.
class CacheCore {
 public:
  CacheCore(std::unique_ptr<Store> store, CacheOptions options, KeyDeriver deriver);

  const std::unique_ptr<Store> store;
  const CacheOptions options;
  const std::unique_ptr<EntryLayout> layout;
  LocalFlights local_flights;
  EventReporter events;

  Result<RequestKey> key(std::string_view request);

  // Looks an entry up, and verifies its proof if there is a `key`. Neither counts nor reports the result. Fails as the
  // store does.
  Result<Lookup> find(std::string_view name, const RequestKey* key, Deadline deadline);
  // Reports what is wrong with an entry that was found.
  void report(std::string_view name, const Lookup& lookup);
  // Counts a lookup, by key or by name, as a hit or a miss.
  void count(const RequestKey& key, const Lookup& lookup);
  void count_named(std::string_view name, const Lookup& lookup);
  // Counts a hit on an entry.
  void count_hit(const RequestKey& key, const Entry& entry);
  // Reports that an entry was looked up, with the reason of a miss.
  void report_use(std::string_view name, MissReason miss, const RequestKey* key) const;

  struct Put {
    bool written = false;  // false: refused, or `only_new` held and an entry was there
    std::optional<Refused> refused;
  };
  // Stores an answer that has been judged. Fails as the store does; invalid, for metadata that is too long.
  Result<Put> put(const RequestKey& key, const Answer& answer, const StoreAnswerOptions& put_options,
                  Deadline deadline);
  // Judges an answer by its bytes, whatever its fields say.
  Answer judge(const Answer& answer, AnswerFacts facts) const;

  // Counts a refusal.
  Refused refuse(const RequestKey& key, Refusal refusal, std::string message);
  // Returns a store's result, and counts it if it is a failure.
  template <class T>
  Result<T> counted(const Subject& subject, Result<T> result) {
    if (!result) counter_set.count(subject, [](Counters& counters) { ++counters.store_errors; });
    return result;
  }
  void count_failed_lookup(const Subject& subject) {
    counter_set.count(subject, [](Counters& counters) { ++counters.failed_lookups; });
  }
  // For what concerns no request.
  Subject session() const { return {.session = options.key.session}; }
  CounterSet counter_set;

  // In the child of a fork() a cache and its fills are not destroyed but left alone, as ProcessOwned does.
  bool is_forked() const { return ::getpid() != owner_; }

 private:
  const pid_t owner_ = ::getpid();
  void note_expiry(std::string_view name, Lookup& lookup, Deadline deadline);
  std::optional<Refused> reason_not_to_serve(const Entry& entry) const;
  Result<Put> store_answer(const RequestKey& key, const Answer& answer, const StoreAnswerOptions& put_options,
                           bool keep_request, Deadline deadline);

  // Each caller borrows one: keys are derived in parallel, and the buffers are allocated only once.
  Guarded<std::vector<KeyDeriver>> idle_derivers_;
};

// The entry that a request reads and writes.
const std::string& entry_name_of(const RequestKey& key);
// What is counted about a request is counted for this.
inline Subject subject_of(const RequestKey& key) {
  return {key.model, key.session, key.endpoint};
}
// Fills in the members that are absent from `metadata`.
void add_metadata(Metadata& metadata, const Metadata& more);

}  // namespace libcache::internal
