// An answer on its way into a cache: received, recorded and judged.
//
// The judge uses only the bytes and, if they are known, the HTTP status and the request. It detects whether the answer
// is a stream, since an API may stream without being asked to.
#pragma once

#include <libcache/entry.h>
#include <libcache/export.h>
#include <libcache/stream.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace libcache LIBCACHE_EXPORT {

/// Whether an answer may be stored.
enum class Completeness {
  complete,
  incomplete,  ///< it ends, or says that it ended, before it is complete by its protocol
  error,       ///< the provider, or a proxy before it, reports a failure
};

/// The verdict on an answer.
struct Verdict {
  Completeness completeness = Completeness::complete;
  std::string reason;  ///< for people, unless complete: "the stream ended without data: [DONE]"
  Metadata metadata;   ///< model, finish reason and usage, as far as the answer states them
};

/// Facts about an answer that its bytes do not contain.
struct AnswerFacts {
  /// 400 and above is an error; 1xx and 3xx are incomplete. With 2xx, objects that look like an API gateway's error
  /// ({"message": "..."}) are answers.
  std::optional<int> http_status = {};
  std::string content_type = {};
  /// An answer that equals the request, apart from white space around it, is an error. Empty: not compared.
  std::string request = {};
};

/// An answer to be stored: the body of a response, or the recording of a stream.
struct Answer {
  EntryKind kind = EntryKind::response;
  Metadata metadata;
  std::string body;
  Recording recording;
  /// The verdict on it: see AnswerRecorder::finish() and judge_answer(). Storing judges the bytes again, and keeps a verdict that
  /// is worse than what they show.
  Completeness completeness = Completeness::complete;
  std::string reason = {};

  /// The bytes as they were received: a view into this object.
  std::string_view bytes() const { return kind == EntryKind::stream ? recording.bytes : body; }
};

/// Judges a whole answer of any kind. Pure.
Verdict judge_answer(std::string_view bytes, const AnswerFacts& facts = {});

/// The size of the HTTP header blocks before an answer's body, as `curl -i` prints them, in bytes; 0 if there are none.
/// `beginning`: the answer, or a part of it that holds all of them. Pure.
std::size_t http_head_size(std::string_view beginning);

/// Whether an answer ended for `reason`: the provider's own word, or OpenAI's word for the same thing (stop, length,
/// tool_calls, content_filter). An answer of several choices has its reasons joined by commas.
bool has_finish_reason(const Metadata& metadata, std::string_view reason);

/// What to do with an answer if it, or its request, holds a key or password of a well-known shape (llmcache(1) lists
/// them). redact: stores the answer with '*' in the place of the secret, and does not store the request.
enum class OnSecret { allow, refuse, redact };

/// Which answers are stored.
struct AnswerPolicy {
  /// Refuses answers that ended for one of these reasons, as has_finish_reason() knows them: "length",
  /// "content_filter".
  std::vector<std::string> refuse;
  /// Stores these too; the entry's metadata marks them.
  bool accept_incomplete = false;
  bool accept_errors = false;
  OnSecret on_secret = OnSecret::allow;
};

/// Why an answer is not stored.
/// unservable: a gateway that shares the store could not serve it. not_wanted: the caller's options forbid it. secret:
/// it or its request holds one. rejected: it is the answer that was rejected (Cache::reject).
enum class Refusal { incomplete, error, finish_reason, too_large, unservable, not_wanted, secret, rejected };
inline constexpr std::size_t kRefusals = 8;
std::string_view to_string(Refusal refusal);

/// Takes an answer in pieces as they arrive, finds out whether it is a stream, and judges it. Holds the bytes once,
/// apart from what it needs of an unfinished event or of a compressed body. A stream is cut into chunks where its
/// events end, whatever the pieces it arrives in. One thread at a time.
class AnswerRecorder {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  explicit AnswerRecorder(AnswerFacts facts = {}, TimePoint start = std::chrono::steady_clock::now());
  AnswerRecorder(AnswerRecorder&&) noexcept;
  AnswerRecorder& operator=(AnswerRecorder&&) noexcept;
  ~AnswerRecorder();

  /// Takes bytes that arrived at `now`. Copies them.
  void write(std::string_view bytes, TimePoint now = std::chrono::steady_clock::now());
  /// Bytes taken so far.
  std::size_t size() const;
  /// Whether the bytes taken so far are known to be the beginning of a stream, or all of it. Of a first event or line that
  /// has not ended, only finish() can tell.
  bool is_stream() const;

  /// Ends the recording. The answer's kind is the one received; its metadata has the origin's times. The recorder
  /// cannot
  /// be used again.
  Answer finish(TimePoint now = std::chrono::steady_clock::now()) &&;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace libcache LIBCACHE_EXPORT
