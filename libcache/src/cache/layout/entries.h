// How entries lie in a store: under which names, as what bytes. The cache decides what may be answered and stored; a
// layout knows where to look.
#pragma once

#include <libcache/cache.h>
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
  // What stands under the name of an entry; neither its expiry nor its request has been looked at.
  virtual Result<Lookup> get(Store& store, std::string_view name, Deadline deadline) const = 0;
  // How long an entry lives that is given this TTL; nothing: for ever.
  virtual std::optional<Milliseconds> lifetime(const Ttl& ttl) const = 0;
  // The values that make up an entry. Fails: invalid, as libcache::encode does; policy, for what those who share the
  // layout could not serve.
  virtual Result<std::vector<NamedValue>> encode(const std::string& name, const EntryDraft& draft) const = 0;
  // Writes them, so that no reader takes a part for the whole. False: `only_new` held and an entry was there.
  virtual Result<bool> write(Store& store, std::span<const NamedValue> values, const PutOptions& options,
                             Deadline deadline) const = 0;
  // Removes the response and the stream of a key, without a search; how many values there were.
  virtual Result<std::uint64_t> remove_named(Store& store, std::string_view key, Deadline deadline) const = 0;
  // As Cache::head_bytes and Cache::head.
  virtual std::size_t head_bytes() const = 0;
  virtual Result<EntryHead> head(const ScanRow& listing) const = 0;
};

// An entry is one value, in the form that llmcache-format(5) describes.
std::unique_ptr<EntryLayout> make_native_layout();

// The layout of a Bifrost gateway's Redis plugin: a response is its JSON, a stream a value for each chunk.
std::unique_ptr<EntryLayout> make_bifrost_layout(Clock clock);

}  // namespace libcache::internal
