#include "cache/layout/entries.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cache/layout/bifrost/answer.h"
#include "cache/layout/bifrost/chunks.h"
#include "cache/layout/bifrost/response.h"
#include "cache/layout/bifrost/stored_stream.h"
#include "key/names.h"
#include "text/ascii.h"

namespace libcache::internal {

namespace {

using bifrost::StoredChunk;
using bifrost::StoredStream;

// The metadata of a longer response is not read for listings.
constexpr std::size_t kHeadBytes = 16 << 10;

// `name` without the digits at its end: "{key}_chunk_" for a chunk.
std::string_view stem_of(std::string_view name) {
  while (!name.empty() && is_digit(name.back())) name.remove_suffix(1);
  return name;
}

bool is_chunk(std::string_view name) {
  return is_digit(name.back()) && stem_of(name).ends_with(kChunkSuffix);
}

Result<Lookup> get_response(Store& store, std::string_view name, Deadline deadline) {
  const std::string names[] = {std::string(name)};
  auto values = store.get_all(names, deadline);
  if (!values) return fail(values.error());
  if (!values->front()) return Lookup{};
  const StoredValue& value = *values->front();
  const auto about = bifrost::read_about(value.bytes);
  if (!about) return Lookup{.miss = MissReason::corrupt, .reason = "not a JSON object"};
  EntryDraft draft{.expires = value.expires, .body = value.bytes};
  auto entry = bifrost::open_entry(draft, *about);
  if (!entry) return fail(entry.error());
  return Lookup{.entry = *std::move(entry), .miss = MissReason::none};
}

class BifrostLayout final : public EntryLayout {
 public:
  explicit BifrostLayout(Clock clock) : clock_(std::move(clock)) {}

  std::string entry_name(std::string_view key, EntryKind kind) const override {
    return fmt::format("{}{}", without_kind(key), kind == EntryKind::stream ? kChunkSuffix : "");
  }

  Result<Lookup> get(Store& store, std::string_view name, Deadline deadline) const override {
    const std::string_view stem = stem_of(name);
    return stem.ends_with(kChunkSuffix) ? StoredStream(store, stem, deadline).get(clock_())
                                        : get_response(store, name, deadline);
  }

  // The plugin lets a key with a TTL of 0 or less never expire.
  std::optional<Milliseconds> lifetime(const Ttl& ttl) const override {
    return ttl.duration > Milliseconds(0) ? ttl.duration : std::nullopt;
  }

  // The plugin looks for a response or for chunks, as the request asks.
  bool finds(const RequestKey& key, EntryKind kind) const override { return key.stream == (kind == EntryKind::stream); }
  // The plugin's entries hold no proof.
  bool proves(const Entry&, const RequestKey&) const override { return true; }
  void judge(Answer& answer) const override {
    if (answer.kind != EntryKind::stream || answer.completeness == Completeness::error) return;
    Verdict verdict = bifrost::judge_recording(answer.recording);
    verdict.metadata.origin_first_chunk = answer.metadata.origin_first_chunk;
    verdict.metadata.origin_total = answer.metadata.origin_total;
    answer.completeness = verdict.completeness;
    answer.reason = std::move(verdict.reason);
    answer.metadata = std::move(verdict.metadata);
  }
  // The plugin would take what flights keep beside the entries for entries of its own.
  Flights* flights(Store&) const override { return nullptr; }
  Statistics* statistics(Store&) const override { return nullptr; }

  Result<std::vector<NamedValue>> encode(const std::string& name, const EntryDraft& draft) const override {
    if (draft.metadata.error) return fail(ErrorCode::policy, "a gateway's cache holds no errors");
    std::vector<NamedValue> values;
    const std::string stem = entry_name(name, draft.kind);
    if (draft.kind == EntryKind::response) {
      values.push_back({stem, std::string(draft.body)});
    } else {
      auto chunks = bifrost::chunks_to_store(draft.chunks, draft.metadata.provider);
      if (!chunks) return fail(chunks.error());
      for (StoredChunk& chunk : *chunks) values.push_back({stem + std::to_string(chunk.index), std::move(chunk.json)});
    }
    for (NamedValue& value : values) {
      if (auto status = bifrost::check_decodable(value.bytes); !status) return fail(status.error());
      value.bytes = bifrost::without_note(std::move(value.bytes));
    }
    return values;
  }

  Result<bool> write(Store& store, std::span<const NamedValue> values, const PutOptions& options,
                     Deadline deadline) const override {
    const NamedValue& first = values.front();
    if (is_chunk(first.name)) return StoredStream(store, stem_of(first.name), deadline).put(values, options);
    return store.put(first.name, first.bytes, options, deadline);
  }

  Result<bool> touch(Store& store, std::string_view name, std::optional<UnixTime> expires,
                     Deadline deadline) const override {
    if (const auto stem = stem_of(name); stem.ends_with(kChunkSuffix)) {
      return StoredStream(store, stem, deadline).touch(expires);
    }
    const auto value = store.get(name, deadline);
    if (!value) return fail(value.error());
    if (!*value) return false;
    return store.put(name, **value, {.expires = expires}, deadline);
  }

  // Gateways do not know rejections.
  Status reject(Store& store, std::string_view name, const Entry& /*entry*/, UnixTime /*now*/,
                Deadline deadline) const override {
    const auto removed = remove_named(store, without_kind(name), deadline);
    return removed ? Status() : fail(removed.error());
  }
  Result<bool> is_rejected(Store& /*store*/, std::string_view /*name*/, Deadline /*deadline*/) const override {
    return false;
  }

  Result<std::uint64_t> remove_named(Store& store, std::string_view key, Deadline deadline) const override {
    const std::string response[] = {std::string(key)};
    const auto responses = store.remove(response, deadline);
    if (!responses) return responses;
    const auto chunks = StoredStream(store, entry_name(key, EntryKind::stream), deadline).remove();
    if (!chunks) return chunks;
    return *responses + *chunks;
  }

  bool is_one_entry(std::span<const NamedValue> values) const override {
    const auto stem = stem_of(values.front().name);
    const auto belongs = [&](const NamedValue& value) { return is_chunk(value.name) && stem_of(value.name) == stem; };
    return values.size() == 1 || std::ranges::all_of(values, belongs);
  }

  Status check(std::string_view name, const std::string& bytes) const override {
    if (!EntryName::parse(name, KeyScheme::bifrost)) return fail(ErrorCode::corrupt, "not the name of an entry");
    return bifrost::check_decodable(bytes);
  }

  std::size_t head_bytes() const override { return kHeadBytes; }

  Result<EntryHead> head(const ScanRow& listing) const override {
    const auto about = listing.size <= listing.head.size() ? bifrost::read_about(listing.head)
                       : listing.head.starts_with('{')     ? bifrost::About{}
                                                           : std::optional<bifrost::About>();
    if (!about || !EntryName::parse(listing.name, KeyScheme::bifrost))
      return fail(ErrorCode::corrupt, "not an entry of a gateway");
    return EntryHead{.kind = is_chunk(listing.name) ? EntryKind::stream : EntryKind::response,
                     .created = about->created,
                     .expires = listing.expires,
                     .metadata = about->metadata,
                     .payload_size = listing.size};
  }

 private:
  Clock clock_;
};

}  // namespace

std::unique_ptr<EntryLayout> make_bifrost_layout(Clock clock) {
  return std::make_unique<BifrostLayout>(std::move(clock));
}

}  // namespace libcache::internal
