// How entries are kept in a store: their names and bytes, and what follows for proofs, judging and sharing. Contains
// every difference between the key schemes after a key has been derived.
#pragma once

#include <libcache/cache.h>
#include <libcache/flight.h>
#include <libcache/store.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace libcache::internal {

// Immutable, so thread-safe. Fails as the store does unless it says otherwise.
class EntryLayout {
 public:
  virtual ~EntryLayout() = default;

  // As Cache::entry_name.
  virtual std::string entry_name(std::string_view key, EntryKind kind) const = 0;
  // The entry with this name. Checks neither its expiry nor its request.
  virtual Result<Lookup> get(Store& store, std::string_view name, Deadline deadline) const = 0;
  // Whether a lookup of the request finds an answer of this kind under its name.
  virtual bool finds(const RequestKey&, EntryKind) const { return true; }
  // Whether an entry that was found under the name of `key` answers its request.
  virtual bool proves(const Entry& entry, const RequestKey& key) const = 0;
  // Changes the verdict on an answer where this layout judges differently.
  virtual void judge(Answer& answer) const = 0;
  // The flights that callers of other processes can see; nullptr: none may be used.
  virtual Flights* flights(Store& store) const = 0;
  // The statistics in which caches are counted; nullptr: none may be kept.
  virtual Statistics* statistics(Store& store) const = 0;
  // How long an entry with this TTL lives; nullopt: it never expires.
  virtual std::optional<Milliseconds> lifetime(const Ttl& ttl) const = 0;
  // The values of an entry. Fails: invalid, as libcache::encode does; policy, if the gateways that share the layout
  // could not serve the answer.
  virtual Result<std::vector<NamedValue>> encode(const std::string& name, const EntryDraft& draft) const = 0;
  // Writes the values in such an order that no reader mistakes some of them for a whole entry. Returns false if
  // `only_new` is set and an entry exists.
  virtual Result<bool> write(Store& store, std::span<const NamedValue> values, const PutOptions& options,
                             Deadline deadline) const = 0;
  // Gives the entry with this name another time of expiry. Returns false if there is none. Fails also: corrupt.
  virtual Result<bool> touch(Store& store, std::string_view name, std::optional<UnixTime> expires,
                             Deadline deadline) const = 0;
  // Removes an entry that was found under this name, and leaves a rejection if the layout has such. Fails also: corrupt.
  virtual Status reject(Store& store, std::string_view name, const Entry& entry, UnixTime now,
                        Deadline deadline) const = 0;
  // Whether there is a rejection under this name.
  virtual Result<bool> is_rejected(Store& store, std::string_view name, Deadline deadline) const = 0;
  // Removes the response and the stream of a key, without a scan; returns the number of values removed.
  virtual Result<std::uint64_t> remove_named(Store& store, std::string_view key, Deadline deadline) const = 0;
  // Whether values that are those of entries belong to one entry.
  virtual bool is_one_entry(std::span<const NamedValue> values) const = 0;
  // Fails (corrupt) for a value that is not intact, or whose name is not that of an entry.
  virtual Status check(std::string_view name, const std::string& bytes) const = 0;
  // As Cache::head_bytes and Cache::head.
  virtual std::size_t head_bytes() const = 0;
  virtual Result<EntryHead> head(const ScanRow& listing) const = 0;
};

// The layout that belongs to a key scheme.
std::unique_ptr<EntryLayout> make_layout(KeyScheme scheme, const Clock& clock);

// An entry is one value, in the form that llmcache-format(5) describes.
std::unique_ptr<EntryLayout> make_native_layout();

// The layout of a Bifrost gateway's Redis plugin: a response is its JSON, a stream a value for each chunk.
std::unique_ptr<EntryLayout> make_bifrost_layout(Clock clock);

}  // namespace libcache::internal
