// A recorded stream, and other views of it.
#pragma once

#include <libcache/entry.h>
#include <libcache/export.h>
#include <libcache/framing.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace libcache LIBCACHE_EXPORT {

/// The bytes of a stream as they were received, and where and when each chunk ended.
struct Recording {
  struct Mark {
    std::size_t end = 0;  ///< offset just after the chunk's last byte
    Milliseconds at{0};   ///< when the chunk was whole, since the recording began
  };
  std::string bytes;
  std::vector<Mark> marks;
  Milliseconds total{0};

  /// Views into `bytes`, which together are all of it: what the marks do not cover is the last chunk.
  std::vector<Chunk> chunks() const;
};

/// The text of an answer as a reader would see it, from one chunk after another: of several choices the first, without
/// reasoning and tool calls. Text that was shown is not shown again when the provider repeats it. Content that is not a
/// string is shown as JSON. A plain text is shown as it is; a stream of no known protocol has no text. One thread at a
/// time.
class TextExtractor {
 public:
  TextExtractor();
  TextExtractor(TextExtractor&&) noexcept;
  TextExtractor& operator=(TextExtractor&&) noexcept;
  ~TextExtractor();
  /// The text that `chunk` adds; empty if it adds none.
  std::string feed(std::string_view chunk);
  /// The text that is left after the last chunk.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Writes a recorded answer in another framing, from one chunk after another. Events without data (comments, ids, retry
/// times) are left out, as is an HTTP header block.
/// - raw: the chunks as they are.
/// - ndjson: the data of each event on a line of its own, always one JSON value: data of several lines is joined, data
///   that is not JSON becomes a JSON string, [DONE] is left out.
/// - sse: each event with its name, if it has one, and its data, ended by a blank line, all with LF. An answer that was
///   not recorded as server-sent events ends with [DONE].
/// An answer that is not a stream (one JSON value, a text) is one event, held until finish(). One thread at a time.
class StreamConverter {
 public:
  explicit StreamConverter(Framing to);
  StreamConverter(StreamConverter&&) noexcept;
  StreamConverter& operator=(StreamConverter&&) noexcept;
  ~StreamConverter();
  /// What `chunk` becomes; empty if it holds no event.
  std::string feed(std::string_view chunk);
  /// What follows the last chunk.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace libcache LIBCACHE_EXPORT
