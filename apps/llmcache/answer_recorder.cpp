#include "answer_recorder.h"

#include <libcache/bifrost.h>

#include <utility>

namespace llmcache {

namespace lc = libcache;

#ifndef LLMCACHE_VERSION
#error "LLMCACHE_VERSION comes from the build"
#endif

void AnswerRecorder::write(std::string_view bytes) {
  const auto now = Steady::now();
  if (!first_) first_ = now;
  if (answer_.kind == lc::EntryKind::stream) {
    stream_.write(bytes, now);
  } else {
    answer_.body += bytes;
  }
}

lc::Answer AnswerRecorder::finish() && {
  const auto now = Steady::now();
  lc::Verdict verdict;
  if (answer_.kind == lc::EntryKind::stream) {
    auto finished = stream_.finish(now);
    answer_.recording = std::move(finished.recording);
    verdict = std::move(finished.verdict);
    if (scheme_ == lc::KeyScheme::bifrost) verdict = lc::bifrost::judge_stream(answer_.recording);
  } else {
    verdict = lc::judge_response(answer_.body);
  }
  answer_.completeness = verdict.completeness;
  answer_.reason = std::move(verdict.reason);
  answer_.metadata = std::move(verdict.metadata);
  answer_.metadata.tool = "llmcache " LLMCACHE_VERSION;
  answer_.metadata.origin_total = std::chrono::duration_cast<lc::Milliseconds>(now - start_);
  if (first_) answer_.metadata.origin_first_chunk = std::chrono::duration_cast<lc::Milliseconds>(*first_ - start_);
  return std::move(answer_);
}

}  // namespace llmcache
