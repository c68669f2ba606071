// Entries to test with.
#pragma once

#include <libcache/entry.h>

#include <string>
#include <utility>
#include <vector>

namespace libcache::test {

inline UnixTime at(std::int64_t milliseconds) {
  return UnixTime(Milliseconds(milliseconds));
}

inline const std::string kRequest = R"({"model":"m"})";

// The contents of the golden entries, except their payloads.
inline EntryDraft golden_draft(EntryKind kind) {
  return {.kind = kind,
          .created = at(1763769600123),
          .expires = at(1763769900123),
          .request_digest = sha256(kRequest),
          .metadata = {.model = "gpt-4o-mini",
                       .finish_reason = "stop",
                       .prompt_tokens = 19,
                       .completion_tokens = 27,
                       .origin_first_chunk = Milliseconds(120),
                       .origin_total = Milliseconds(950),
                       .tool = "llmcache 0.1.0"},
          .request = kRequest};
}

// A chunk that owns its bytes.
using Piece = std::pair<Milliseconds, std::string>;

inline std::vector<Chunk> views(const std::vector<Piece>& pieces) {
  std::vector<Chunk> chunks;
  for (const auto& [when, bytes] : pieces) chunks.push_back({when, bytes});
  return chunks;
}

// `count` events as a provider streams them, 20 ms apart.
inline std::vector<Piece> events(int count) {
  std::vector<Piece> pieces;
  for (int index = 0; index < count; ++index) {
    std::string event = R"(data: {"id":"chatcmpl-B9x1","object":"chat.completion.chunk","created":1763769600,)"
                        R"("model":"gpt-4o-mini","choices":[{"index":0,"delta":{"content":" word)";
    event +=
        std::to_string(std::int64_t{index} * 7919 % 1000) + R"("},"logprobs":null,"finish_reason":null}]})" + "\n\n";
    pieces.emplace_back(20 * index, std::move(event));
  }
  return pieces;
}

// All chunks that read() delivers.
inline Result<std::vector<Piece>> read_all(const Entry& entry) {
  std::vector<Piece> pieces;
  auto status = entry.read([&](const Chunk& chunk) {
    pieces.emplace_back(chunk.at, chunk.bytes);
    return Status();
  });
  if (!status) return fail(status.error());
  return pieces;
}

}  // namespace libcache::test
