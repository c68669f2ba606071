#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cache/layout/bifrost_answer.h"
#include "cache/layout/entries.h"
#include "key/names.h"

namespace libcache::internal {

namespace {

using bifrost::payloads;

// Chunks are read and removed by name, so many at a time: a stream of 500 takes two round trips, a miss little.
constexpr std::size_t kFirstWindow = 32;
constexpr std::size_t kWindow = 512;
// What an answer says of itself is told from this much of it; of a longer one little is said.
constexpr std::size_t kHeadBytes = 16 << 10;

bool is_digit(char character) {
  return character >= '0' && character <= '9';
}

// `name` without the index of a chunk behind it: "{key}_chunk_".
std::string_view stem_of(std::string_view name) {
  while (!name.empty() && is_digit(name.back())) name.remove_suffix(1);
  return name;
}

bool is_chunk(std::string_view name) {
  return is_digit(name.back()) && stem_of(name).ends_with(kChunkSuffix);
}

std::vector<std::string> chunk_names(std::string_view stem, std::size_t first, std::size_t count) {
  std::vector<std::string> names;
  names.reserve(count);
  for (std::size_t i = 0; i < count; ++i) names.push_back(fmt::format("{}{}", stem, first + i));
  return names;
}

// The chunks of a stream up to the first that is missing.
struct StoredStream {
  std::vector<std::string> payloads;
  std::optional<UnixTime> expires;  // the earliest
  bool ended = false;
  bool gap = false;  // others stand behind the missing one

  void add(std::vector<std::optional<StoredValue>> values) {
    for (auto& value : values) {
      if (!value) {
        ended = true;
      } else if (ended) {
        gap = true;
      } else {
        payloads.push_back(std::move(value->bytes));
        if (value->expires) expires = std::min(expires.value_or(*value->expires), *value->expires);
      }
    }
  }
};

Result<StoredStream> read_stream(Store& store, std::string_view stem, Deadline deadline) {
  StoredStream stream;
  for (std::size_t window = kFirstWindow; !stream.ended; window = kWindow) {
    auto values = store.get_all(chunk_names(stem, stream.payloads.size(), window), deadline);
    if (!values) return tl::make_unexpected(values.error());
    stream.add(*std::move(values));
  }
  return stream;
}

// An entry for what stands in the store as the plugin writes it.
Result<Entry> open_entry(EntryDraft& draft, const bifrost::About& about) {
  draft.created = about.created;
  draft.metadata = about.metadata;
  draft.compress = false;
  return libcache::encode(draft).and_then(&Entry::open);
}

Result<Entry> open_stream(const StoredStream& stream, Metadata metadata, bool whole) {
  std::string bytes;
  std::vector<std::size_t> ends;
  for (const std::string& payload : stream.payloads) {
    bytes += bifrost::event_of(payload);
    ends.push_back(bytes.size());
  }
  if (whole) {
    bytes += bifrost::kDoneEvent;
    ends.push_back(bytes.size());
  }
  std::vector<Chunk> chunks;
  for (std::size_t begin = 0; const std::size_t end : ends) {
    chunks.push_back({Milliseconds(0), std::string_view(bytes).substr(begin, end - begin)});
    begin = end;
  }
  auto about = bifrost::read_about(stream.payloads.front()).value_or(bifrost::About{});
  metadata.provider = about.metadata.provider;
  about.metadata = std::move(metadata);
  EntryDraft draft{.kind = EntryKind::stream, .expires = stream.expires, .chunks = chunks};
  return open_entry(draft, about);
}

Result<Lookup> get_stream(Store& store, std::string_view stem, Deadline deadline) {
  const auto stream = read_stream(store, stem, deadline);
  if (!stream) return tl::make_unexpected(stream.error());
  if (stream->payloads.empty() && !stream->gap) return Lookup{};
  auto verdict = bifrost::judge_payloads(stream->payloads);
  if (stream->gap)
    verdict = {Completeness::incomplete, fmt::format("chunk {} is missing", stream->payloads.size()), {}};
  const bool whole = verdict.completeness == Completeness::complete;
  Lookup found{.miss = MissReason::incomplete, .reason = std::move(verdict.reason)};
  if (stream->payloads.empty()) return found;
  auto entry = open_stream(*stream, std::move(verdict.metadata), whole);
  if (!entry) return tl::make_unexpected(entry.error());
  if (whole) return Lookup{.entry = *std::move(entry), .miss = MissReason::none};
  found.partial = *std::move(entry);
  return found;
}

Result<Lookup> get_response(Store& store, std::string_view name, Deadline deadline) {
  const std::string names[] = {std::string(name)};
  auto values = store.get_all(names, deadline);
  if (!values) return tl::make_unexpected(values.error());
  if (!values->front()) return Lookup{};
  const StoredValue& value = *values->front();
  const auto about = bifrost::read_about(value.bytes);
  if (!about) return Lookup{.miss = MissReason::corrupt, .reason = "not a JSON object"};
  EntryDraft draft{.expires = value.expires, .body = value.bytes};
  auto entry = open_entry(draft, *about);
  if (!entry) return tl::make_unexpected(entry.error());
  return Lookup{.entry = *std::move(entry), .miss = MissReason::none};
}

// Removes the chunks from one on; how many there were. Nothing may follow the last chunk that is written after this: it
// would pass for the rest of the stream.
Result<std::uint64_t> remove_chunks(Store& store, std::string_view stem, std::size_t first, Deadline deadline) {
  std::uint64_t total = 0;
  for (std::uint64_t removed = 1; removed > 0; first += kWindow, total += removed) {
    const auto batch = store.remove(chunk_names(stem, first, kWindow), deadline);
    if (!batch) return batch;
    removed = *batch;
  }
  return total;
}

// The last chunk is written last: until then there is no whole stream to be found.
Result<bool> put_stream(Store& store, std::span<const NamedValue> chunks, std::string_view stem,
                        const PutOptions& options, Deadline deadline) {
  if (options.only_new) {
    auto first = store.put(chunks.front().name, chunks.front().bytes, options, deadline);
    if (!first || !*first) return first;
  }
  if (auto done = remove_chunks(store, stem, options.only_new ? 1 : 0, deadline); !done) {
    return tl::make_unexpected(done.error());
  }
  const std::size_t last = chunks.size() - 1;
  for (const auto part : {chunks.first(last), chunks.subspan(last)}) {
    if (auto done = store.put_all(part, options.expires, deadline); !done) return tl::make_unexpected(done.error());
  }
  return true;
}

class BifrostLayout final : public EntryLayout {
 public:
  std::string entry_name(std::string_view key, EntryKind kind) const override {
    return fmt::format("{}{}", without_kind(key), kind == EntryKind::stream ? kChunkSuffix : "");
  }

  Result<Lookup> get(Store& store, std::string_view name, Deadline deadline) const override {
    const std::string_view stem = stem_of(name);
    return stem.ends_with(kChunkSuffix) ? get_stream(store, stem, deadline) : get_response(store, name, deadline);
  }

  Result<std::vector<NamedValue>> encode(const std::string& name, const EntryDraft& draft) const override {
    const bool is_stream = draft.kind == EntryKind::stream;
    std::vector<NamedValue> values;
    for (std::string& payload : is_stream ? payloads(draft.chunks) : std::vector{std::string(draft.body)}) {
      if (!bifrost::read_about(payload)) {
        return fail(ErrorCode::policy, "a Bifrost gateway could not serve the answer: it is not a JSON object");
      }
      const std::string index = is_stream ? std::to_string(values.size()) : "";
      values.push_back({name + index, bifrost::without_note(std::move(payload))});
    }
    if (values.empty()) return fail(ErrorCode::policy, "the stream has no chunks");
    return values;
  }

  Result<bool> write(Store& store, std::span<const NamedValue> values, const PutOptions& options,
                     Deadline deadline) const override {
    const NamedValue& first = values.front();
    if (is_chunk(first.name)) return put_stream(store, values, stem_of(first.name), options, deadline);
    return store.put(first.name, first.bytes, options, deadline);
  }

  Result<std::uint64_t> remove_named(Store& store, std::string_view key, Deadline deadline) const override {
    const std::string response[] = {std::string(key)};
    const auto responses = store.remove(response, deadline);
    if (!responses) return responses;
    return remove_chunks(store, entry_name(key, EntryKind::stream), 0, deadline).map([&](std::uint64_t chunks) {
      return *responses + chunks;
    });
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
};

}  // namespace

std::unique_ptr<EntryLayout> make_bifrost_layout() {
  return std::make_unique<BifrostLayout>();
}

}  // namespace libcache::internal
