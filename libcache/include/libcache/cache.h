// The cache: policy over keys, entries and a store.
//
// A lookup that cannot be proven right is a miss: an expired, damaged or foreign entry is counted by reason and never
// answered. What the store does wrong is reported as an error, never as a miss.
#pragma once

#include <libcache/answer.h>
#include <libcache/entry.h>
#include <libcache/event.h>
#include <libcache/export.h>
#include <libcache/fill.h>
#include <libcache/key.h>
#include <libcache/result.h>
#include <libcache/store.h>
#include <libcache/time.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace libcache LIBCACHE_EXPORT {

/// How long an entry lives. The default is the options'; nothing in `duration` is for ever.
struct Ttl {
  std::optional<Milliseconds> duration = std::chrono::minutes(5);
  static Ttl never() { return Ttl{std::nullopt}; }
};

struct CacheOptions {
  KeyOptions key;
  Ttl ttl;
  AnswerPolicy policy;
  /// Keeps the canonical request with the entry: `show --request`, `diff` and `get --why` read it.
  bool keep_request = true;
  /// The program that writes, as "llmcache 0.1.0", for the metadata of what it stores.
  std::string tool = {};
  /// The largest encoded entry that is stored, in bytes; a larger answer is refused by policy.
  std::uint64_t max_entry = 512ULL << 20;
  /// Bodies and streams waiting for the background writer; beyond either bound a put is dropped and counted.
  std::size_t queue_entries = 1024;
  std::size_t queue_bytes = 64ULL << 20;
  /// What each background write may take, and what destruction may spend on writing what is still queued.
  Milliseconds write_budget = std::chrono::seconds(30);
  Milliseconds closing_budget = std::chrono::seconds(5);
  Clock clock = system_now;
  EventHandler on_event;
};

enum class MissReason { none, absent, expired, corrupt, collision, incomplete };
inline constexpr std::size_t kMissReasons = 6;
std::string_view to_string(MissReason reason);

/// What a lookup found.
struct Lookup {
  std::optional<Entry> entry = {};
  MissReason miss = MissReason::absent;  ///< none on a hit
  std::string reason = {};               ///< what is wrong, for people: of a corrupt or incomplete entry
  std::optional<Entry> partial = {};     ///< of an incomplete stream: what stands before its first gap
  explicit operator bool() const { return entry.has_value(); }
};

struct StoreAnswerOptions {
  std::optional<Ttl> ttl = {};  ///< nothing: the cache's
  bool only_new = false;
  bool allow_errors = false;  ///< stores errors and incomplete answers, whatever the cache's policy says of them
};

/// What a cache has done since it was made.
struct Counters {
  std::uint64_t hits = 0;
  std::array<std::uint64_t, kMissReasons> misses{};  ///< by MissReason
  std::uint64_t stored = 0;
  std::array<std::uint64_t, kRefusals> refused{};  ///< by Refusal
  std::uint64_t dropped = 0;                       ///< the queue was full, or its store failed
  std::uint64_t store_errors = 0;                  ///< of every verb
};

/// Which entries a purge removes.
struct PurgeFilter {
  /// Names start with this, literally. If it is empty, values that are not entries are left alone.
  std::string prefix;
  /// Only entries of the cache's session, as is_of_session() says.
  bool session_only = false;
  /// Allows a purge with neither a prefix nor session_only; otherwise that fails (policy).
  bool all = false;
  /// Each, where set, must hold too. `accept_head` makes the purge read the front of every entry.
  std::function<bool(std::string_view name)> accept_name;
  std::function<bool(const EntryHead&)> accept_head;
  bool dry_run = false;
  /// How many entries go at a time, at least 1. A purge that breaks off has removed whole batches; the same purge again
  /// removes the rest.
  std::size_t batch = 500;
  /// More than that: nothing is removed (policy).
  std::optional<std::uint64_t> max_delete;
  /// Called with each batch before it is (or, dry, instead of being) removed; false ends the purge.
  std::function<bool(std::span<const ScanRow>)> on_batch;
};

struct PurgeResult {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
};

/// Thread-safe. Owns its store; has one thread of its own, begun at the first put_later().
class Cache {
 public:
  /// Fails (invalid) as KeyDeriver::create does.
  [[nodiscard]] static Result<std::unique_ptr<Cache>> create(std::unique_ptr<Store> store, CacheOptions options = {});
  ~Cache();  ///< writes what is queued, within closing_budget

  /// The key of a JSON request. Fails: invalid.
  [[nodiscard]] Result<RequestKey> key(std::string_view request) const;

  /// The response or stream entry of a request, proven against it; either may hold a response or a stream. Fails as the
  /// store does.
  [[nodiscard]] Result<Lookup> get(const RequestKey& key, EntryKind kind, Deadline deadline);
  /// The entry under a name, which only its checksum and expiry prove (bifrost: nothing at all).
  [[nodiscard]] Result<Lookup> get_named(std::string_view name, Deadline deadline);

  /// Stores an answer. False: `only_new` held and an entry was there. Fails: policy, with the reason why the answer is
  /// not kept, and as the store does.
  [[nodiscard]] Result<bool> put(const RequestKey& key, const Answer& answer, const StoreAnswerOptions& options,
                                 Deadline deadline);
  /// Hands an answer to the background writer and returns at once; false: it was dropped and counted.
  bool put_later(RequestKey key, Answer answer, StoreAnswerOptions options = {});
  /// Waits until everything queued so far has been written or has failed. Fails: timeout.
  [[nodiscard]] Status flush(Deadline deadline);

  /// Hands an answer to `receive`: from the store, from another who is just getting it, or from `produce` (fill.h). A
  /// store that fails costs its budget and an event, not the answer. At the deadline everything stops but the producer,
  /// which finds that it cannot write. Fails: as `produce` and `receive` do; corrupt; timeout.
  [[nodiscard]] Result<Filled> get_or_fill(const RequestKey& key, const Producer& produce, const Receiver& receive,
                                           const FillOptions& options, Deadline deadline);

  /// Removes the entry called `name` and those whose names are `name` followed by the suffixes of an endpoint, a sample,
  /// a stream or a chunk; how many there were. A suffix of a stream or chunk of `name` itself is ignored. What can be
  /// named is removed first, then the store is searched. Fails: invalid if it is not the name of an entry; as the store.
  [[nodiscard]] Result<std::uint64_t> clear(std::string_view name, Deadline deadline);
  /// Removes many; nothing but names that start with the filter's prefix. Fails: policy, and as the store does.
  [[nodiscard]] Result<PurgeResult> purge(const PurgeFilter& filter, Deadline deadline);

  /// The name of the entry of a kind that `key` leads to: the key of a request, or the name of any entry of it.
  std::string entry_name(std::string_view key, EntryKind kind) const;
  /// What a row of a scan says of its entry, if the scan asked for the first `head_bytes` of the values. Fails (corrupt)
  /// for what is no entry.
  std::size_t head_bytes() const;
  [[nodiscard]] Result<EntryHead> head(const ScanRow& listing) const;

  Counters counters() const;
  Store& store();
  const CacheOptions& options() const;

 private:
  struct State;
  explicit Cache(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace libcache LIBCACHE_EXPORT
