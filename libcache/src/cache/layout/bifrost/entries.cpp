#include "cache/layout/entries.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cache/layout/bifrost/answer.h"
#include "cache/layout/bifrost/chunks.h"
#include "cache/layout/bifrost/response.h"
#include "key/names.h"
#include "text/ascii.h"

namespace libcache::internal {

namespace {

using bifrost::ChunkJudge;
using bifrost::StoredChunk;

// How many chunks are read at a time.
constexpr std::size_t kWindow = 64;
// How many chunks are removed at a time.
constexpr std::size_t kRemoved = 512;
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

std::vector<std::string> chunk_names(std::string_view stem, std::size_t first, std::size_t count) {
  std::vector<std::string> names;
  names.reserve(count);
  for (std::size_t i = 0; i < count; ++i) names.push_back(fmt::format("{}{}", stem, first + i));
  return names;
}

// The chunks of a stream that a store holds, and the verdict on them.
struct StoredStream {
  std::vector<StoredChunk> chunks;
  Verdict verdict;
};

// Reads windows of chunks up to the one after the window in which the stream ends, or until two in a row are empty.
Result<StoredStream> read_stream(Store& store, std::string_view stem, UnixTime now, Deadline deadline) {
  StoredStream stream;
  ChunkJudge judge(now);
  bool finished = false;
  for (std::size_t first = 0, empty = 0; !finished && empty < 2; first += kWindow) {
    finished = judge.is_finished();
    auto values = store.get_all(chunk_names(stem, first, kWindow), deadline);
    if (!values) return fail(values.error());
    ++empty;
    for (std::size_t i = 0; i < kWindow; ++i) {
      auto& value = (*values)[i];
      if (!value) continue;
      stream.chunks.push_back({first + i, std::move(value->bytes), value->expires});
      judge.read(stream.chunks.back());
      empty = 0;
    }
  }
  stream.verdict = judge.finish();
  return stream;
}

// The entry for values that the plugin wrote.
Result<Entry> open_entry(EntryDraft& draft, const bifrost::About& about) {
  draft.created = about.created;
  draft.metadata = about.metadata;
  draft.compress = false;
  return libcache::encode(draft).and_then(&Entry::open);
}

Result<Entry> open_stream(StoredStream& stream) {
  std::string bytes;
  std::vector<std::size_t> ends;
  std::optional<UnixTime> expires;
  for (const StoredChunk& chunk : stream.chunks) {
    bytes += bifrost::event_of(chunk.json);
    ends.push_back(bytes.size());
    if (chunk.expires) expires = std::min(expires.value_or(*chunk.expires), *chunk.expires);
  }
  if (stream.verdict.completeness == Completeness::complete) {
    bytes += bifrost::kDoneEvent;
    ends.push_back(bytes.size());
  }
  std::vector<Chunk> chunks;
  for (std::size_t begin = 0; const std::size_t end : ends) {
    chunks.push_back({Milliseconds(0), std::string_view(bytes).substr(begin, end - begin)});
    begin = end;
  }
  auto about = bifrost::read_about(stream.chunks.front().json).value_or(bifrost::About{});
  stream.verdict.metadata.provider = about.metadata.provider;
  about.metadata = std::move(stream.verdict.metadata);
  EntryDraft draft{.kind = EntryKind::stream, .expires = expires, .chunks = chunks};
  return open_entry(draft, about);
}

Result<Lookup> get_stream(Store& store, std::string_view stem, UnixTime now, Deadline deadline) {
  auto stream = read_stream(store, stem, now, deadline);
  if (!stream) return fail(stream.error());
  if (stream->chunks.empty()) return Lookup{};
  auto entry = open_stream(*stream);
  if (!entry) return fail(entry.error());
  if (stream->verdict.completeness == Completeness::complete) {
    return Lookup{.entry = *std::move(entry), .miss = MissReason::none};
  }
  return Lookup{
      .miss = MissReason::incomplete, .reason = std::move(stream->verdict.reason), .partial = *std::move(entry)};
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
  auto entry = open_entry(draft, *about);
  if (!entry) return fail(entry.error());
  return Lookup{.entry = *std::move(entry), .miss = MissReason::none};
}

// Removes the chunks of a stream; how many there were. If any were left after the end of what is then written, it would
// belong to that stream.
Result<std::uint64_t> remove_chunks(Store& store, std::string_view stem, Deadline deadline) {
  std::uint64_t total = 0;
  std::size_t first = 0;
  for (std::uint64_t removed = 1; removed > 0; first += kRemoved, total += removed) {
    const auto batch = store.remove(chunk_names(stem, first, kRemoved), deadline);
    if (!batch) return batch;
    removed = *batch;
  }
  return total;
}

// Whether a lookup would find any chunk of a stream.
Result<bool> has_chunks(Store& store, std::string_view stem, Deadline deadline) {
  const auto values = store.get_all(chunk_names(stem, 0, 2 * kWindow), deadline);
  if (!values) return fail(values.error());
  return std::ranges::any_of(*values, [](const auto& value) { return value.has_value(); });
}

// The last chunk is written last: until then no reader finds a whole stream.
Result<bool> put_stream(Store& store, std::span<const NamedValue> chunks, std::string_view stem,
                        const PutOptions& options, Deadline deadline) {
  if (options.only_new) {
    const auto exists = has_chunks(store, stem, deadline);
    if (!exists) return exists;
    if (*exists) return false;
  }
  if (auto done = remove_chunks(store, stem, deadline); !done) return fail(done.error());
  const std::size_t last = chunks.size() - 1;
  for (const auto part : {chunks.first(last), chunks.subspan(last)}) {
    if (auto done = store.put_all(part, options.expires, deadline); !done) return fail(done.error());
  }
  return true;
}

// Writes the chunks of a stream again, from its last window to its first: a reader may see an early end of the
// stream's life, but never a stream without its beginning.
Result<bool> touch_stream(Store& store, std::string_view stem, std::optional<UnixTime> expires, Deadline deadline) {
  std::vector<std::vector<NamedValue>> windows;
  for (std::size_t first = 0, empty = 0; empty < 2; first += kWindow) {
    const auto names = chunk_names(stem, first, kWindow);
    auto values = store.get_all(names, deadline);
    if (!values) return fail(values.error());
    std::vector<NamedValue> window;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if ((*values)[i]) window.push_back({names[i], std::move((*values)[i]->bytes)});
    }
    empty = window.empty() ? empty + 1 : 0;
    if (!window.empty()) windows.push_back(std::move(window));
  }
  for (auto window = windows.rbegin(); window != windows.rend(); ++window) {
    if (auto done = store.put_all(*window, expires, deadline); !done) return fail(done.error());
  }
  return !windows.empty();
}

class BifrostLayout final : public EntryLayout {
 public:
  explicit BifrostLayout(Clock clock) : clock_(std::move(clock)) {}

  std::string entry_name(std::string_view key, EntryKind kind) const override {
    return fmt::format("{}{}", without_kind(key), kind == EntryKind::stream ? kChunkSuffix : "");
  }

  Result<Lookup> get(Store& store, std::string_view name, Deadline deadline) const override {
    const std::string_view stem = stem_of(name);
    return stem.ends_with(kChunkSuffix) ? get_stream(store, stem, clock_(), deadline)
                                        : get_response(store, name, deadline);
  }

  // The plugin lets a key with a TTL of 0 or less never expire.
  std::optional<Milliseconds> lifetime(const Ttl& ttl) const override {
    return ttl.duration > Milliseconds(0) ? ttl.duration : std::nullopt;
  }

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
    if (is_chunk(first.name)) return put_stream(store, values, stem_of(first.name), options, deadline);
    return store.put(first.name, first.bytes, options, deadline);
  }

  Result<bool> touch(Store& store, std::string_view name, std::optional<UnixTime> expires,
                     Deadline deadline) const override {
    if (const auto stem = stem_of(name); stem.ends_with(kChunkSuffix)) {
      return touch_stream(store, stem, expires, deadline);
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
    return remove_chunks(store, entry_name(key, EntryKind::stream), deadline).map([&](std::uint64_t chunks) {
      return *responses + chunks;
    });
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
