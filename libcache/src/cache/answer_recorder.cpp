#include <libcache/answer.h>
#include <libcache/bifrost.h>

#include <utility>

namespace libcache {

void AnswerRecorder::write(std::string_view bytes) {
  const auto now = Steady::now();
  if (!first_) first_ = now;
  if (answer_.kind == EntryKind::stream) {
    stream_.write(bytes, now);
  } else {
    answer_.body += bytes;
  }
}

Answer AnswerRecorder::finish() && {
  const auto now = Steady::now();
  Verdict verdict;
  if (answer_.kind == EntryKind::stream) {
    auto finished = stream_.finish(now);
    answer_.recording = std::move(finished.recording);
    verdict = std::move(finished.verdict);
    if (scheme_ == KeyScheme::bifrost) verdict = bifrost::judge_stream(answer_.recording);
  } else {
    verdict = judge_response(answer_.body);
  }
  answer_.completeness = verdict.completeness;
  answer_.reason = std::move(verdict.reason);
  answer_.metadata = std::move(verdict.metadata);
  answer_.metadata.origin_total = std::chrono::duration_cast<Milliseconds>(now - start_);
  if (first_) answer_.metadata.origin_first_chunk = std::chrono::duration_cast<Milliseconds>(*first_ - start_);
  return std::move(answer_);
}

}  // namespace libcache
