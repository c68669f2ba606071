#include <libcache/answer.h>

#include <utility>

#include "answer/judge.h"
#include "text/framing.h"

namespace libcache {

using namespace internal;

std::vector<Chunk> Recording::chunks() const {
  std::vector<Chunk> chunks;
  chunks.reserve(marks.size());
  std::size_t begin = 0;
  for (const Mark& mark : marks) {
    chunks.push_back({mark.at, std::string_view(bytes).substr(begin, mark.end - begin)});
    begin = mark.end;
  }
  return chunks;
}

struct AnswerRecorder::State {
  AnswerFacts facts;
  TimePoint start;
  std::optional<Milliseconds> first;  // when the first bytes came
  Milliseconds last{0};               // when the last bytes came
  std::size_t written = 0;            // the size before the write that is being taken
  std::optional<Framer> framer;
  StreamJudge judge;
  Framing framing = Framing::raw;
  Recording recording;
  std::string scratch;

  State(AnswerFacts the_facts, TimePoint time) : facts(std::move(the_facts)), start(time) {}
  void decide(Framing found);
  void read_chunks(Milliseconds now);
  StreamEvent event(std::size_t begin, std::size_t end);
  bool is_stream() const { return framing == Framing::sse || (framing == Framing::ndjson && judge.were_events()); }
  Verdict finish();
};

void AnswerRecorder::State::decide(Framing found) {
  framing = found;
  framer.emplace(framing);
  if (framing != Framing::raw) recording.marks.clear();
}

StreamEvent AnswerRecorder::State::event(std::size_t begin, std::size_t end) {
  return parse_event(framing, std::string_view(recording.bytes).substr(begin, end - begin), scratch);
}

void AnswerRecorder::State::read_chunks(Milliseconds now) {
  std::size_t begin = framer->end();
  while (const auto end = framer->next(recording.bytes)) {
    recording.marks.push_back({*end, *end <= written ? last : now});
    judge.read(event(begin, *end));
    begin = *end;
  }
}

// What is left behind the last chunk is one more.
Verdict AnswerRecorder::State::finish() {
  if (recording.bytes.empty() || (framer && framing == Framing::raw)) return judge_response(recording.bytes);
  if (!framer) return judge.finish();
  framer->close();
  read_chunks(last);
  const std::size_t size = recording.bytes.size();
  if (const std::size_t begin = framer->end(); begin < size) {
    recording.marks.push_back({size, last});
    judge.read_rest(event(begin, size));
  }
  if (framing == Framing::ndjson && !judge.were_events()) return judge_response(recording.bytes);
  return judge.finish();
}

AnswerRecorder::AnswerRecorder(AnswerFacts facts, TimePoint start)
    : state_(std::make_unique<State>(std::move(facts), start)) {}
AnswerRecorder::AnswerRecorder(AnswerRecorder&&) noexcept = default;
AnswerRecorder& AnswerRecorder::operator=(AnswerRecorder&&) noexcept = default;
AnswerRecorder::~AnswerRecorder() = default;

void AnswerRecorder::write(std::string_view bytes, TimePoint now) {
  if (bytes.empty()) return;
  State& state = *state_;
  Recording& recording = state.recording;
  const auto at = std::chrono::duration_cast<Milliseconds>(now - state.start);
  if (!state.first) state.first = at;
  state.written = recording.bytes.size();
  recording.bytes += bytes;
  if (state.framing == Framing::raw) recording.marks.push_back({recording.bytes.size(), at});
  if (!state.framer) {
    if (const auto framing = find_framing(recording.bytes)) state.decide(*framing);
  }
  if (state.framer) state.read_chunks(at);
  state.last = at;
}

std::size_t AnswerRecorder::size() const {
  return state_->recording.bytes.size();
}

bool AnswerRecorder::is_stream() const {
  return state_->is_stream();
}

Answer AnswerRecorder::finish(TimePoint now) && {
  State& state = *state_;
  Verdict verdict = state.finish();
  Answer answer;
  answer.completeness = verdict.completeness;
  answer.reason = std::move(verdict.reason);
  answer.metadata = std::move(verdict.metadata);
  answer.metadata.origin_total = std::chrono::duration_cast<Milliseconds>(now - state.start);
  answer.metadata.origin_first_chunk = state.first;
  if (state.is_stream()) {
    answer.kind = EntryKind::stream;
    answer.recording = std::move(state.recording);
    answer.recording.total = *answer.metadata.origin_total;
  } else {
    answer.body = std::move(state.recording.bytes);
  }
  return answer;
}

Verdict judge_answer(std::string_view bytes, const AnswerFacts& facts) {
  const AnswerRecorder::TimePoint start{};
  AnswerRecorder recorder(facts, start);
  recorder.write(bytes, start);
  Answer answer = std::move(recorder).finish(start);
  answer.metadata.origin_first_chunk.reset();
  answer.metadata.origin_total.reset();
  return {answer.completeness, std::move(answer.reason), std::move(answer.metadata)};
}

}  // namespace libcache
