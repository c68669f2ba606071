// Recording an answer as it arrives, and judging whether it is one worth keeping.
#pragma once

#include <libcache/entry.h>
#include <libcache/export.h>
#include <libcache/framing.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace libcache LIBCACHE_EXPORT {

/// A finished recording: the bytes as they came, and where and when each chunk ended.
struct Recording {
  struct Mark {
    std::size_t end = 0;  ///< offset behind the chunk's last byte
    Milliseconds at{0};   ///< when it was whole, since the recording began
  };
  Framing framing = Framing::raw;
  std::string bytes;
  std::vector<Mark> marks;
  Milliseconds total{0};

  /// Views into `bytes`.
  std::vector<Chunk> chunks() const;
};

/// Whether an answer may be stored.
enum class Completeness {
  complete,
  incomplete,  ///< it ended before its protocol says it may
  error,       ///< it is, or ends in, an error that the provider reports
};

/// What was found out about an answer from its own bytes.
struct Verdict {
  Completeness completeness = Completeness::complete;
  std::string reason;  ///< for people, where it is not complete: "the stream ended without data: [DONE]"
  Metadata metadata;   ///< model, finish reason and usage, as far as the answer says
};

/// Judges a whole response body that was not streamed: an empty body, JSON with a top-level "error" member (unless null,
/// false or empty) or "type":"error", and an HTML page are errors; what begins as a JSON object or array and is not one
/// to its end, and an answer that says it is still in the making, are incomplete; events of a known protocol are judged
/// as a stream, whatever they were asked for as; anything else that is not JSON is complete, for the caller alone knows
/// what it asked for.
Verdict judge_response(std::string_view body);

/// Whether one of the reasons for which an answer ended is `reason`: its own word, or OpenAI's for the same thing (stop,
/// length, tool_calls, content_filter). An answer of several choices has them joined by commas.
bool has_finish_reason(const Metadata& metadata, std::string_view reason);

/// Records a stream while it passes through. Fed in any pieces, it cuts at the ends of SSE events or NDJSON lines; where
/// the stream is neither, at each write. Also judges it as it goes, by the protocol it speaks (OpenAI chat and text
/// completions and responses, Anthropic messages, Gemini, Ollama; any other: a whole last event); what turns out to be
/// one body that was not streamed, by judge_response. The last event is whole once its JSON or [DONE] is, whether or not
/// its blank line came. One thread at a time.
class Recorder {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  explicit Recorder(TimePoint start = std::chrono::steady_clock::now());
  Recorder(Recorder&&) noexcept;
  Recorder& operator=(Recorder&&) noexcept;
  ~Recorder();

  /// Takes bytes that arrived at `now`. Copies them.
  void write(std::string_view bytes, TimePoint now = std::chrono::steady_clock::now());
  /// Bytes taken so far.
  std::size_t size() const;
  /// The stream has ended: its recording and the verdict on it. The recorder is spent.
  struct Finished {
    Recording recording;
    Verdict verdict;
  };
  Finished finish(TimePoint now = std::chrono::steady_clock::now());

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The answer's text alone, as a reader would see it, from one chunk after another of a recorded stream: of several
/// choices the first, without reasoning and tool calls. A stream without framing is text as it is; one that speaks no
/// known protocol has none. One thread at a time.
class TextExtractor {
 public:
  TextExtractor();
  TextExtractor(TextExtractor&&) noexcept;
  TextExtractor& operator=(TextExtractor&&) noexcept;
  ~TextExtractor();
  /// The text that `chunk` adds; empty where it adds none.
  std::string feed(std::string_view chunk);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Writes a recorded stream in another framing, from one of its chunks after another. An event is what has data:
/// comments, ids and retry times are left out.
/// - raw: the chunks as they are.
/// - ndjson: the data of each event on a line of its own, always one JSON text: data of several lines is joined, data
/// that
///   is no JSON becomes a JSON string, [DONE] is left out.
/// - sse: each event with its name, if it has one, and its data, ended by a blank line, all with LF. What was not
/// recorded
///   as server-sent events ends with [DONE].
/// An answer that is no stream of events (one JSON body over many lines, plain text) is one event, held until finish().
/// One thread at a time.
class StreamConverter {
 public:
  explicit StreamConverter(Framing to);
  StreamConverter(StreamConverter&&) noexcept;
  StreamConverter& operator=(StreamConverter&&) noexcept;
  ~StreamConverter();
  /// What `chunk` becomes; empty where it holds no event.
  std::string feed(std::string_view chunk);
  /// What comes behind the last chunk.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace libcache LIBCACHE_EXPORT
