#include "cache/layout/bifrost/stored_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace libcache::internal::bifrost {

namespace {

// How many chunks are removed at a time.
constexpr std::size_t kRemoved = 512;
// The chunks as one stream.
Result<Entry> open_stream(std::span<const StoredChunk> stored, Verdict verdict) {
  std::string bytes;
  std::vector<std::size_t> ends;
  std::optional<UnixTime> expires;
  for (const StoredChunk& chunk : stored) {
    bytes += event_of(chunk.json);
    ends.push_back(bytes.size());
    if (chunk.expires) expires = std::min(expires.value_or(*chunk.expires), *chunk.expires);
  }
  if (verdict.completeness == Completeness::complete) {
    bytes += kDoneEvent;
    ends.push_back(bytes.size());
  }
  std::vector<Chunk> chunks;
  for (std::size_t begin = 0; const std::size_t end : ends) {
    chunks.push_back({Milliseconds(0), std::string_view(bytes).substr(begin, end - begin)});
    begin = end;
  }
  auto about = read_about(stored.front().json).value_or(About{});
  verdict.metadata.provider = about.metadata.provider;
  about.metadata = std::move(verdict.metadata);
  EntryDraft draft{.kind = EntryKind::stream, .expires = expires, .chunks = chunks};
  return open_entry(draft, about);
}

}  // namespace

Result<Entry> open_entry(EntryDraft& draft, const About& about) {
  draft.created = about.created;
  draft.metadata = about.metadata;
  draft.compress = false;
  return libcache::encode(draft).and_then(&Entry::open);
}

std::vector<std::string> StoredStream::names(std::size_t first, std::size_t count) const {
  std::vector<std::string> names;
  names.reserve(count);
  for (std::size_t i = 0; i < count; ++i) names.push_back(fmt::format("{}{}", stem_, first + i));
  return names;
}

// Reads windows of chunks up to the one after the window in which the stream ends, or until two in a row are empty.
Result<StoredStream::Read> StoredStream::read(UnixTime now) const {
  Read stream;
  ChunkJudge judge(now);
  bool finished = false;
  for (std::size_t first = 0, empty = 0; !finished && empty < kEmptyWindows; first += kLookupWindow) {
    finished = judge.is_finished();
    auto values = store_.get_all(names(first, kLookupWindow), deadline_);
    if (!values) return fail(values.error());
    ++empty;
    for (std::size_t i = 0; i < kLookupWindow; ++i) {
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

Result<Lookup> StoredStream::get(UnixTime now) const {
  const auto stream = read(now);
  if (!stream) return fail(stream.error());
  if (stream->chunks.empty()) return Lookup{};
  auto entry = open_stream(stream->chunks, stream->verdict);
  if (!entry) return fail(entry.error());
  if (stream->verdict.completeness == Completeness::complete) {
    return Lookup{.entry = *std::move(entry), .miss = MissReason::none};
  }
  return Lookup{.miss = MissReason::incomplete, .reason = stream->verdict.reason, .partial = *std::move(entry)};
}

// If any chunks were left after the end of what is then written, they would belong to that stream.
Result<std::uint64_t> StoredStream::remove() const {
  std::uint64_t total = 0;
  std::size_t first = 0;
  for (std::uint64_t removed = 1; removed > 0; first += kRemoved, total += removed) {
    const auto batch = store_.remove(names(first, kRemoved), deadline_);
    if (!batch) return batch;
    removed = *batch;
  }
  return total;
}

// Whether a lookup would find any chunk.
Result<bool> StoredStream::exists() const {
  const auto values = store_.get_all(names(0, kEmptyWindows * kLookupWindow), deadline_);
  if (!values) return fail(values.error());
  return std::ranges::any_of(*values, [](const auto& value) { return value.has_value(); });
}

Result<bool> StoredStream::put(std::span<const NamedValue> chunks, const PutOptions& options) const {
  if (options.only_new) {
    const auto found = exists();
    if (!found) return found;
    if (*found) return false;
  }
  if (auto done = remove(); !done) return fail(done.error());
  const std::size_t last = chunks.size() - 1;
  for (const auto part : {chunks.first(last), chunks.subspan(last)}) {
    if (auto done = store_.put_all(part, options.expires, deadline_); !done) return fail(done.error());
  }
  return true;
}

// Writes the chunks again, from the last window to the first: a reader may see an early end of the stream's life, but
// never a stream without its beginning.
Result<bool> StoredStream::touch(std::optional<UnixTime> expires) const {
  std::vector<std::vector<NamedValue>> windows;
  for (std::size_t first = 0, empty = 0; empty < kEmptyWindows; first += kLookupWindow) {
    const auto window_names = names(first, kLookupWindow);
    auto values = store_.get_all(window_names, deadline_);
    if (!values) return fail(values.error());
    std::vector<NamedValue> window;
    for (std::size_t i = 0; i < window_names.size(); ++i) {
      if ((*values)[i]) window.push_back({window_names[i], std::move((*values)[i]->bytes)});
    }
    empty = window.empty() ? empty + 1 : 0;
    if (!window.empty()) windows.push_back(std::move(window));
  }
  for (auto window = windows.rbegin(); window != windows.rend(); ++window) {
    if (auto done = store_.put_all(*window, expires, deadline_); !done) return fail(done.error());
  }
  return !windows.empty();
}

}  // namespace libcache::internal::bifrost
