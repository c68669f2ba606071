// A stream as a Bifrost gateway's plugin stores it: a value for each chunk, under a name that ends in the chunk's index.
// The indexes count the events of the provider, some of which the gateway does not pass on, so there are gaps.
#pragma once

#include <libcache/entry.h>
#include <libcache/result.h>
#include <libcache/stream.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "answer/judge.h"
#include "text/json/value.h"

namespace libcache::internal::bifrost {

struct StoredChunk {
  std::size_t index = 0;
  std::string json;
  std::optional<UnixTime> expires = {};
};

// A lookup reads so many chunks at a time, until it has found the end of the stream or so many windows in a row are empty.
inline constexpr std::size_t kLookupWindow = 64;
inline constexpr std::size_t kEmptyWindows = 2;

// The chunks that a recorded stream is stored as. Each has `extra_fields` with its index; if the stream is plain chat
// chunks, which have none, they are added and the chunks counted. Fails (policy) for chunks that the plugin would not
// serve in this order, or that no lookup would find.
Result<std::vector<StoredChunk>> chunks_to_store(std::span<const Chunk> recorded, std::string_view provider);

// Judges the chunks of a stream, which it is given in the order of their indexes.
class ChunkJudge {
 public:
  explicit ChunkJudge(UnixTime now) : now_(now) {}

  void read(const StoredChunk& chunk);
  // Whether everything that the stream has begun so far has ended.
  bool is_finished() const;
  // After the last chunk. What is missing of an incomplete stream is the verdict's reason.
  Verdict finish();

 private:
  void read_choice(std::size_t chunk, JsonValue choice);
  void read_audio(std::size_t chunk, JsonValue answer);
  void check_id(std::size_t chunk, const std::string& id);
  void check_gap(const StoredChunk& chunk, JsonValue answer);
  void check_content(std::size_t chunk, bool after_end);
  void fault(std::string reason);

  UnixTime now_;
  Judge judge_;                           // finds errors and metadata
  std::size_t next_ = 0;                  // the index that follows the last chunk's
  std::optional<std::size_t> doubtful_;   // the first chunk, if it will expire soon and others may have before
  std::map<std::int64_t, bool> choices_;  // whether each has finished
  std::optional<bool> audio_;             // whether it has finished, if there is any
  bool has_content_ = false;
  bool has_thought_ = false;
  bool is_error_ = false;
  std::string id_;
  std::string reason_;  // the first fault
};

// Judges the chunks that a recorded stream would be stored as.
Verdict judge_recording(const Recording& recording);

}  // namespace libcache::internal::bifrost
