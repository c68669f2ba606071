// The cache: keys, entries and a store, and the policy that connects them.
//
// A lookup is a hit only if the entry is intact, not expired, proven to answer this request, and one that this cache's
// own policy would have stored. Anything else is a miss, counted by its reason. A failure of the store is an error,
// never a miss. Every answer is judged before it is stored (answer.h); only the policy can accept one that is broken.
//
// Which errors the functions may return:
//
//   function              invalid  timeout  unavailable  refused  policy  corrupt
//   key                   yes      -        -            -        -       -
//   get, get_named        -        yes      yes          yes      -       -        (damage is a miss)
//   put                   yes      yes      yes          yes      yes     -
//   flush                 -        yes      yes          yes      -       -        (the first loss of put_later)
//   begin                 -        yes      (yes)        (yes)    -       -        (if the options require the store)
//   get_or_fill           yes      yes      (yes)        (yes)    -       yes      (the same; and what the callbacks return)
//   put_values            -        yes      yes          yes      -       yes
//   clear, purge          yes      yes      yes          yes      purge   -
//   touch, reject         touch    yes      yes          yes      -       yes
//
//   (flush also: not_supported, in the child of a fork; internal, if a callback has thrown.)
//
//   invalid      the input or an option is wrong
//   timeout      the deadline passed; a retry may help
//   unavailable  the store cannot be reached or is busy, or the queue was full; a retry may help
//   refused      the store rejected the operation: an operator must act
//   policy       the cache's policy forbids it: the answer must not be stored, or the purge would remove too much
//   corrupt      a part of an answer was delivered, and the rest is lost or damaged
//
// Callbacks may throw. The exception propagates through the function that called them and leaves the cache intact: a
// fill whose producer throws stores nothing and ends its flight. If its receiver throws, what the producer has finished is stored.
#pragma once

#include <libcache/answer.h>
#include <libcache/counters.h>
#include <libcache/entry.h>
#include <libcache/event.h>
#include <libcache/export.h>
#include <libcache/fill.h>
#include <libcache/key.h>
#include <libcache/result.h>
#include <libcache/store.h>
#include <libcache/time.h>
#include <libcache/transfer.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace libcache::internal {
class CacheCore;
class WriteQueue;
}  // namespace libcache::internal

namespace libcache LIBCACHE_EXPORT {

/// A lookup, as it is counted: each one of a fill or of get() once.
struct Use {
  std::string_view name;  ///< of the entry
  /// Why there was none; none: there was, or it was to be overwritten, or another caller was followed.
  MissReason miss = MissReason::none;
  std::string_view request;  ///< the canonical request; empty for get_named()
};
/// Called from any thread; must not call the cache. All views are valid during the call only.
using UseHandler = std::function<void(const Use&)>;

struct CacheOptions {
  KeyOptions key = {};
  Ttl ttl = {};  ///< 0 or less stores nothing (policy)
  AnswerPolicy policy = {};
  /// Stores the canonical request with the entry: `show --request`, `diff` and `get --why` read it.
  bool keep_request = true;
  /// The name of the program, such as "llmcache 0.1.0"; goes into the metadata of the entries that it stores.
  std::string tool = {};
  /// The largest encoded entry that is stored, in bytes; a larger answer is refused by policy. A fill stops recording
  /// an answer that is more than four times as large.
  std::uint64_t max_entry = 512ULL << 20;
  /// Limits of the background writer's queue, in entries and bytes; a put_later() beyond either is dropped and counted.
  std::size_t queue_entries = 1024;
  std::size_t queue_bytes = 64ULL << 20;
  /// How long each background write may take, and how long the destructor may take to write the rest of the queue. A write that
  /// is in progress is not interrupted: the destructor waits for it.
  Milliseconds write_budget = std::chrono::seconds(30);
  Milliseconds closing_budget = std::chrono::seconds(5);
  /// Whether what the cache counts is added to the store's statistics (statistics.h), by model, session and endpoint:
  /// every few seconds while it is used, and when it is destroyed.
  bool keep_statistics = true;
  Clock clock = system_now;
  EventHandler on_event = {};
  UseHandler on_use = {};
};

/// The result of a lookup. A Result<Lookup> takes two tests, since a miss is not an error:
///
///   const auto found = cache.get(key, kind, deadline);
///   if (!found) ...           // the store failed: found.error()
///   else if (!*found) ...     // a miss: found->miss
///   else ...                  // a hit: *found->entry
struct Lookup {
  std::optional<Entry> entry = {};
  MissReason miss = MissReason::absent;  ///< none on a hit
  std::string reason = {};               ///< what is wrong with the entry, for people
  std::optional<UnixTime> expired = {};  ///< when it expired, if that is the reason
  std::optional<Entry> partial = {};     ///< the chunks of an incomplete stream before its first gap
  std::string rejected = {};             ///< rejected: the SHA-256 of the answer, in hex
  explicit operator bool() const { return entry.has_value(); }
};

struct StoreAnswerOptions {
  std::optional<Ttl> ttl = {};  ///< nullopt: the cache's
  bool only_new = false;        ///< keeps an existing entry
  AnswerFacts facts = {};       ///< known about the answer from other sources than its bytes
};

/// Which entries a purge removes.
struct PurgeFilter {
  /// The beginning of the names, taken literally. If it is empty, values that are not entries are left alone.
  std::string prefix = {};
  /// Only entries of the cache's session, as is_of_session() says.
  bool session_only = false;
  /// Allows a purge with neither a prefix nor session_only; otherwise that fails (policy).
  bool all = false;
  /// A further condition, which may use the cache; may be empty. With it the purge reads the beginning of every entry,
  /// and leaves values alone that are not entries. Its error ends the purge.
  std::function<Result<bool>(const ScanRow&, const EntryHead&)> accept = {};
  bool dry_run = false;
  /// How many entries are removed at a time, at least 1. An interrupted purge has removed whole batches; running it
  /// again removes the rest.
  std::size_t batch = 500;
  /// If more entries than this match, the purge removes none and fails (policy).
  std::optional<std::uint64_t> max_delete = {};
  /// Called with each batch before it is removed, or in a dry run instead of that; returning false ends the purge.
  std::function<bool(std::span<const ScanRow>)> on_batch = {};
};

struct PurgeResult {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
};

/// Thread-safe. Owns its store, and a thread that starts at the first put_later(). In the child of a fork() the cache
/// can be used only as far as its store allows, and the queue not at all: put_later() returns false there. Its memory and
/// descriptors stay until the child ends: destroying a cache, a fill or a store of its parent does nothing there.
class Cache {
 public:
  /// Fails (invalid) without a store, and as KeyDeriver::create does.
  [[nodiscard]] static Result<std::unique_ptr<Cache>> create(std::unique_ptr<Store> store, CacheOptions options = {});
  ~Cache();  ///< writes the queued answers, within closing_budget

  /// The key of a JSON request. Fails: invalid.
  [[nodiscard]] Result<RequestKey> key(std::string_view request) const;

  /// The response or stream entry of a request, proven against it; either may hold a response or a stream. Fails as the
  /// store does.
  [[nodiscard]] Result<Lookup> get(const RequestKey& key, EntryKind kind, Deadline deadline);
  /// The same, for a caller that calls begin() unless this is a hit: counters().misses and failed_lookups do not change, since
  /// begin() counts them.
  [[nodiscard]] Result<Lookup> get_before_begin(const RequestKey& key, EntryKind kind, Deadline deadline);
  /// The entry with this name, whichever request it answers and whatever policy accepted it: only its checksum and
  /// expiry are checked (with the bifrost scheme, neither). Fails as the store does.
  [[nodiscard]] Result<Lookup> get_named(std::string_view name, Deadline deadline);

  /// The same, without being counted: for listings, searches and exports.
  [[nodiscard]] Result<Lookup> read_named(std::string_view name, Deadline deadline);

  /// Judges an answer by its bytes and stores it as the kind of entry that the key requests. Returns false if
  /// `only_new` is set and an entry exists. Fails: policy, with the reason why the answer is not stored; as the store
  /// does.
  [[nodiscard]] Result<bool> put(const RequestKey& key, const Answer& answer, const StoreAnswerOptions& options,
                                 Deadline deadline);
  /// Writes an entry that another store held (transfer.h): its value, or with the bifrost scheme all chunks of a stream.
  /// Of the policy only `on_secret` counts. Returns false if `only_new` is set and an entry exists. Fails: corrupt, for
  /// values that are not those of one intact entry; policy, for a secret; as the store does.
  [[nodiscard]] Result<bool> put_values(std::span<const NamedEntry> values, bool only_new, Deadline deadline);
  /// Queues an answer for the background writer, which judges and stores it as put() does. Waits for room in the queue
  /// until `room_by`, by default not at all. Returns false if there was no room, or the writer's thread could not be
  /// started: the answer is lost, and counted.
  bool put_later(RequestKey key, Answer answer, StoreAnswerOptions options = {},
                 Deadline room_by = Deadline::after(Milliseconds(0)));
  /// Waits until everything queued so far has been written or has failed. Fails: timeout; otherwise, if answers were
  /// lost since the last flush (the queue was full, the store failed), with the first such error and their number.
  [[nodiscard]] Status flush(Deadline deadline);

  /// Delivers an answer to `receive`: from the store, from another caller that is producing it, or from `produce` (see
  /// fill.h). If the store fails, this takes at most the store's budget and is reported as an event; the answer is
  /// still delivered. At the deadline all waiting ends, and the writes of the producer fail; a stored answer is delivered
  /// to its end. Fails: as `produce` and `receive` do; corrupt; timeout; invalid, if either is empty; as the store does,
  /// if the options require the store.
  [[nodiscard]] Result<Filled> get_or_fill(const RequestKey& key, const Producer& produce, const Receiver& receive,
                                           const FillOptions& options, Deadline deadline);
  /// The same for callers that cannot block in callbacks: looks the request up and joins its flight as leader or
  /// follower, which takes no longer than the store's budget. Fails: timeout, if the deadline of the whole fill has
  /// passed; as the store does, if the options require the store.
  [[nodiscard]] Result<Fill> begin(RequestKey key, FillOptions options = {}, Deadline deadline = Deadline::never());

  /// Removes the entry called `name` and those whose names are `name` followed by the suffixes of an endpoint, a
  /// sample, a stream or a chunk; returns their number. A suffix of a stream or chunk in `name` itself is ignored.
  /// Entries whose names are known are removed first; then the store is scanned for the others. Fails: invalid if
  /// `name` is not the name of an entry; as the store does.
  [[nodiscard]] Result<std::uint64_t> clear(std::string_view name, Deadline deadline);
  /// Gives the entry with this name another time to live, from now on. Returns false if there is none, or it has
  /// expired. Fails: invalid if the TTL is 0 or less; corrupt; as the store does.
  [[nodiscard]] Result<bool> touch(std::string_view name, const Ttl& ttl, Deadline deadline);
  /// Removes the entry with this name, and leaves a rejection in its place for the time that the entry had left: lookups
  /// miss (rejected), put_values() writes nothing, and a fill whose lookup found the rejection stores any answer but the
  /// one that was rejected. put() and a fill that overwrites end it, and so do clear() and purge(). A store of files
  /// keeps no rejections; with the bifrost scheme, response and stream are removed and nothing is left. Returns false
  /// if there is no such entry. Fails: corrupt; as the store does.
  [[nodiscard]] Result<bool> reject(std::string_view name, Deadline deadline);
  /// Removes the entries that the filter selects, unless they were stored again since they were listed (see
  /// Store::remove_unchanged). Fails: policy, and as the store does.
  [[nodiscard]] Result<PurgeResult> purge(const PurgeFilter& filter, Deadline deadline);

  /// The name of the response or stream of `key`, which is the key of a request or the name of any of its entries.
  std::string entry_name(std::string_view key, EntryKind kind) const;
  /// The head of the entry in a row of a scan that read the first head_bytes() of each value. Fails (corrupt) for a
  /// value that is not an entry.
  std::size_t head_bytes() const;
  [[nodiscard]] Result<EntryHead> head(const ScanRow& listing) const;

  /// All counters since the cache was created, at one moment.
  Counters counters() const;
  /// Counts a lookup that the caller answered by itself with what another of its lookups had found: an entry (a hit), or
  /// nullptr for an answer that was still being produced (followed).
  void count_shared(const RequestKey& key, const Entry* entry);
  /// Adds what has been counted to the store's statistics now: for a program that may be idle for long.
  void write_statistics(Deadline deadline);
  Store& store();
  const CacheOptions& options() const;

 private:
  explicit Cache(std::unique_ptr<internal::CacheCore> core);
  std::unique_ptr<internal::CacheCore> core_;
  std::unique_ptr<internal::WriteQueue> queue_;  // after the core, which its thread uses
};

}  // namespace libcache LIBCACHE_EXPORT
