// An answer on its way into a cache.
#pragma once

#include <libcache/entry.h>
#include <libcache/export.h>
#include <libcache/key.h>
#include <libcache/stream.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace libcache LIBCACHE_EXPORT {

/// An answer to be stored: a response's body, or a stream's recording.
struct Answer {
  EntryKind kind = EntryKind::response;
  Metadata metadata;
  std::string body;
  Recording recording;
  /// What the verdict on it was: see Recorder::finish() and judge_response().
  Completeness completeness = Completeness::complete;
  std::string reason = {};
};

/// Which answers are kept.
struct AnswerPolicy {
  /// Refuses answers that ended for one of these reasons, as has_finish_reason() knows them: "length", "content_filter".
  std::vector<std::string> refuse;
  /// Keeps incomplete answers too; their metadata says what they are.
  bool accept_incomplete = false;
};

/// Why the policy kept an answer out.
/// unservable: a gateway that shares the store could not make sense of it.
enum class Refusal { incomplete, error, finish_reason, too_large, unservable };
inline constexpr std::size_t kRefusals = 5;
std::string_view to_string(Refusal refusal);

/// Takes an answer as it comes in, whichever kind of entry it will be, and says what it turned out to be. One thread at
/// a time.
class AnswerRecorder {
 public:
  /// Under the bifrost scheme a stream is judged as a gateway's.
  explicit AnswerRecorder(EntryKind kind, KeyScheme scheme = KeyScheme::native) : scheme_(scheme) {
    answer_.kind = kind;
  }

  /// Takes bytes that have just arrived. Copies them.
  void write(std::string_view bytes);
  /// Bytes taken so far.
  std::size_t size() const { return answer_.kind == EntryKind::stream ? stream_.size() : answer_.body.size(); }

  /// The answer has ended. Its metadata is the verdict's, with the origin's times.
  Answer finish() &&;

 private:
  using Steady = std::chrono::steady_clock;
  KeyScheme scheme_;
  Steady::time_point start_ = Steady::now();
  std::optional<Steady::time_point> first_;
  Answer answer_;
  Recorder stream_{start_};
};

}  // namespace libcache LIBCACHE_EXPORT
