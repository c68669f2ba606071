#include <fmt/format.h>

#include <utility>

#include "cache/layout/entries.h"
#include "entry/rejection.h"
#include "key/names.h"

namespace libcache::internal {

namespace {

class NativeLayout final : public EntryLayout {
 public:
  std::string entry_name(std::string_view key, EntryKind kind) const override {
    if (key.ends_with(kStreamSuffix)) key.remove_suffix(kStreamSuffix.size());
    return kind == EntryKind::stream ? fmt::format("{}{}", key, kStreamSuffix) : std::string(key);
  }

  Result<Lookup> get(Store& store, std::string_view name, Deadline deadline) const override {
    auto value = store.get(name, deadline);
    if (!value) return fail(value.error());
    if (!*value) return Lookup{};
    auto entry = Entry::open(std::move(**value));
    if (!entry) return Lookup{.miss = MissReason::corrupt, .reason = std::move(entry.error().message)};
    return Lookup{.entry = *std::move(entry), .miss = MissReason::none};
  }

  std::optional<Milliseconds> lifetime(const Ttl& ttl) const override { return ttl.duration; }
  bool proves(const Entry& entry, const RequestKey& key) const override {
    return entry.request_digest() == key.proof();
  }
  void judge(Answer&) const override {}
  Flights* flights(Store& store) const override { return store.flights(); }
  Statistics* statistics(Store& store) const override { return store.statistics(); }

  Result<std::vector<NamedValue>> encode(const std::string& name, const EntryDraft& draft) const override {
    auto bytes = libcache::encode(draft);
    if (!bytes) return fail(bytes.error());
    std::vector<NamedValue> values;
    values.push_back({name, *std::move(bytes)});
    return values;
  }

  Result<bool> write(Store& store, std::span<const NamedValue> values, const PutOptions& options,
                     Deadline deadline) const override {
    return store.put(values.front().name, values.front().bytes, options, deadline);
  }

  Result<bool> touch(Store& store, std::string_view name, std::optional<UnixTime> expires,
                     Deadline deadline) const override {
    auto value = store.get(name, deadline);
    if (!value) return fail(value.error());
    if (!*value) return false;
    const auto changed = with_expiry(std::move(**value), expires);
    if (!changed) return fail(changed.error());
    return store.put(name, *changed, {.expires = expires}, deadline);
  }

  Status reject(Store& store, std::string_view name, const Entry& entry, UnixTime now,
                Deadline deadline) const override {
    const auto bytes = encode_rejection(entry, now);
    if (!bytes) return fail(bytes.error());
    const auto written = store.put(name, *bytes, {.expires = entry.expires()}, deadline);
    return written ? Status() : fail(written.error());
  }

  Result<bool> is_rejected(Store& store, std::string_view name, Deadline deadline) const override {
    const auto value = store.get(name, deadline);
    if (!value) return fail(value.error());
    return *value && is_rejection(**value);
  }

  Result<std::uint64_t> remove_named(Store& store, std::string_view key, Deadline deadline) const override {
    const std::string names[] = {std::string(key), entry_name(key, EntryKind::stream)};
    return store.remove(names, deadline);
  }

  bool is_one_entry(std::span<const NamedValue> values) const override { return values.size() == 1; }

  Status check(std::string_view name, const std::string& bytes) const override {
    if (!EntryName::parse(name, KeyScheme::native)) return fail(ErrorCode::corrupt, "not the name of an entry");
    const auto entry = Entry::open(bytes);
    return entry ? Status() : fail(entry.error());
  }

  std::size_t head_bytes() const override { return kEntryHeadBytes; }
  Result<EntryHead> head(const ScanRow& listing) const override { return decode_head(listing.head); }
};

}  // namespace

std::unique_ptr<EntryLayout> make_layout(KeyScheme scheme, const Clock& clock) {
  return scheme == KeyScheme::native ? make_native_layout() : make_bifrost_layout(clock);
}

std::unique_ptr<EntryLayout> make_native_layout() {
  return std::make_unique<NativeLayout>();
}

}  // namespace libcache::internal
