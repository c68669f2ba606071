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
//   put_later, flush      -        yes      yes          yes      -       -        (flush reports losses)
//   begin                 -        yes      (yes)        (yes)    -       -        (if the options require the store)
//   get_or_fill           -        yes      -            -        -       yes      (and what the callbacks return)
//   clear, purge          yes      yes      yes          yes      purge   -
//
//   invalid      the input or an option is wrong
//   timeout      the deadline passed; a retry may help
//   unavailable  the store cannot be reached or is busy, or the queue was full; a retry may help
//   refused      the store said no: an operator must act
//   policy       the cache's policy said no: this answer is not stored, this purge removes too much
//   corrupt      a part of an answer was delivered, and the rest is lost or damaged
//
// Callbacks may throw. The exception passes through the function that called them and leaves the cache intact: a fill
// whose producer or receiver throws stores nothing and ends its flight.
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

namespace internal {
class CacheCore;
class WriteQueue;
}  // namespace internal

struct CacheOptions {
  KeyOptions key;
  Ttl ttl;  ///< 0 or less stores nothing (policy)
  AnswerPolicy policy;
  /// Stores the canonical request with the entry: `show --request`, `diff` and `get --why` read it.
  bool keep_request = true;
  /// The program that writes, such as "llmcache 0.1.0", for the metadata of what it stores.
  std::string tool = {};
  /// The largest encoded entry that is stored, in bytes; a larger answer is refused by policy. A fill stops recording an
  /// answer whose own bytes are more than four times as many.
  std::uint64_t max_entry = 512ULL << 20;
  /// What may wait for the background writer; beyond either limit a put_later() is dropped and counted.
  std::size_t queue_entries = 1024;
  std::size_t queue_bytes = 64ULL << 20;
  /// How long each background write may take, and how long destruction may go on writing what is still queued.
  Milliseconds write_budget = std::chrono::seconds(30);
  Milliseconds closing_budget = std::chrono::seconds(5);
  Clock clock = system_now;
  EventHandler on_event;
};

/// policy: the entry is one that this cache's policy would not store, such as an error that another program accepted.
enum class MissReason { none, absent, expired, corrupt, collision, incomplete, policy };
inline constexpr std::size_t kMissReasons = 7;
std::string_view to_string(MissReason reason);

/// What a lookup found. Inside a Result it takes two tests, since a miss is not an error:
///
///   const auto found = cache.get(key, kind, deadline);
///   if (!found) ...           // the store failed: found.error()
///   else if (!*found) ...     // a miss: found->miss
///   else ...                  // a hit: *found->entry
struct Lookup {
  std::optional<Entry> entry = {};
  MissReason miss = MissReason::absent;  ///< none on a hit
  std::string reason = {};               ///< what is wrong with the entry, for people
  std::optional<Entry> partial = {};     ///< of an incomplete stream: what comes before its first gap
  explicit operator bool() const { return entry.has_value(); }
};

struct StoreAnswerOptions {
  std::optional<Ttl> ttl = {};  ///< nullopt: the cache's
  bool only_new = false;        ///< keeps an existing entry
  bool allow_errors = false;    ///< stores errors and incomplete answers, whatever the cache's policy says
  AnswerFacts facts = {};       ///< what is known about the answer besides its bytes
};

/// What a cache has done since it was made. Each lookup, and each fill that is not told to overwrite, is counted once:
/// as a hit, a miss, followed or failed.
struct Counters {
  std::uint64_t hits = 0;
  std::array<std::uint64_t, kMissReasons> misses{};  ///< by MissReason
  std::uint64_t followed = 0;                        ///< fills that followed another caller
  std::uint64_t failed_lookups = 0;                  ///< the store failed
  std::uint64_t stored = 0;
  std::array<std::uint64_t, kRefusals> refused{};  ///< answers that were not stored, by Refusal
  std::uint64_t dropped = 0;                       ///< background writes that were lost: queue full, or store failed
  std::uint64_t store_errors = 0;                  ///< failed calls of the store, of any kind
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

/// Thread-safe. Owns its store, and a thread that starts at the first put_later(). After a fork() the child may use the
/// cache only as far as its store allows, and never the queue: put_later() returns false there.
class Cache {
 public:
  /// Fails (invalid) without a store, and as KeyDeriver::create does.
  [[nodiscard]] static Result<std::unique_ptr<Cache>> create(std::unique_ptr<Store> store, CacheOptions options = {});
  ~Cache();  ///< writes what is queued, within closing_budget

  /// The key of a JSON request. Fails: invalid.
  [[nodiscard]] Result<RequestKey> key(std::string_view request) const;

  /// The response or stream entry of a request, proven against it; either may hold a response or a stream. Fails as the
  /// store does.
  [[nodiscard]] Result<Lookup> get(const RequestKey& key, EntryKind kind, Deadline deadline);
  /// The entry of a name, whatever it answers and whoever accepted it: only checksum and expiry are checked (bifrost:
  /// not even these). Fails as the store does.
  [[nodiscard]] Result<Lookup> get_named(std::string_view name, Deadline deadline);

  /// Judges an answer by its bytes and stores it, as the entry that the key asks for. Returns false if `only_new` is set
  /// and an entry exists. Fails: policy, with the reason why the answer is not stored; as the store does.
  [[nodiscard]] Result<bool> put(const RequestKey& key, const Answer& answer, const StoreAnswerOptions& options,
                                 Deadline deadline);
  /// Queues an answer for the background writer, which judges and stores it as put() does. Waits for room in the queue
  /// until `room_by`, by default not at all. Returns false if there was none: the answer is lost, and counted.
  bool put_later(RequestKey key, Answer answer, StoreAnswerOptions options = {},
                 Deadline room_by = Deadline::after(Milliseconds(0)));
  /// Waits until everything queued so far has been written or has failed. Fails: timeout; otherwise, if answers were
  /// lost since the last flush (the queue was full, the store failed), with the first such error and their number.
  [[nodiscard]] Status flush(Deadline deadline);

  /// Delivers an answer to `receive`: from the store, from another caller that is producing it, or from `produce` (see
  /// fill.h). A store that fails costs its budget and an event, not the answer. At the deadline everything stops except
  /// the producer, whose writes fail. Fails: as `produce` and `receive` do; corrupt; timeout.
  [[nodiscard]] Result<Filled> get_or_fill(const RequestKey& key, const Producer& produce, const Receiver& receive,
                                           const FillOptions& options, Deadline deadline);
  /// The same for callers that cannot block in callbacks: looks the request up and takes a role in its flight, which
  /// takes no longer than the store's budget. Fails: timeout, if the deadline of the whole fill has passed; as the store
  /// does, if the options require it.
  [[nodiscard]] Result<Fill> begin(RequestKey key, FillOptions options = {}, Deadline deadline = Deadline::never());

  /// Removes the entry called `name` and those whose names are `name` followed by the suffixes of an endpoint, a sample,
  /// a stream or a chunk; how many there were. A suffix of a stream or chunk of `name` itself is ignored. What can be
  /// named is removed first, then the store is searched. Fails: invalid if it is not the name of an entry; as the store.
  [[nodiscard]] Result<std::uint64_t> clear(std::string_view name, Deadline deadline);
  /// Removes the entries that the filter selects, unless they were stored again since they were listed (see
  /// Store::remove_unchanged). Fails: policy, and as the store does.
  [[nodiscard]] Result<PurgeResult> purge(const PurgeFilter& filter, Deadline deadline);

  /// The name of the entry of a kind that `key` leads to: the key of a request, or the name of any entry of it.
  std::string entry_name(std::string_view key, EntryKind kind) const;
  /// What a row of a scan says of its entry, if the scan asked for the first `head_bytes` of the values. Fails (corrupt)
  /// for a value that is not an entry.
  std::size_t head_bytes() const;
  [[nodiscard]] Result<EntryHead> head(const ScanRow& listing) const;

  /// All counters at one moment.
  Counters counters() const;
  Store& store();
  const CacheOptions& options() const;

 private:
  explicit Cache(std::unique_ptr<internal::CacheCore> core);
  std::unique_ptr<internal::CacheCore> core_;
  std::unique_ptr<internal::WriteQueue> queue_;  // after the core, which its thread uses
};

}  // namespace libcache LIBCACHE_EXPORT
