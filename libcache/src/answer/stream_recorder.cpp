#include <libcache/stream.h>

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

struct Recorder::State {
  TimePoint start;
  Milliseconds last{0};     // when the last bytes came
  std::size_t written = 0;  // the size before the write that is being taken
  std::optional<Framer> framer;
  StreamJudge judge;
  Recording recording;
  std::string scratch;

  explicit State(TimePoint time) : start(time) {}
  void decide(Framing framing);
  void read_chunks(Milliseconds now);
  StreamEvent event(std::size_t begin, std::size_t end);
  Verdict finish();
};

void Recorder::State::decide(Framing framing) {
  recording.framing = framing;
  framer.emplace(framing);
  if (framing != Framing::raw) recording.marks.clear();
}

StreamEvent Recorder::State::event(std::size_t begin, std::size_t end) {
  return parse_event(recording.framing, std::string_view(recording.bytes).substr(begin, end - begin), scratch);
}

void Recorder::State::read_chunks(Milliseconds now) {
  std::size_t begin = framer->end();
  while (const auto end = framer->next(recording.bytes)) {
    recording.marks.push_back({*end, *end <= written ? last : now});
    judge.read(event(begin, *end));
    begin = *end;
  }
}

// What is left behind the last chunk is one more.
Verdict Recorder::State::finish() {
  if (recording.bytes.empty() || (framer && recording.framing == Framing::raw)) return judge_response(recording.bytes);
  if (!framer) return judge.finish();
  framer->close();
  read_chunks(last);
  const std::size_t size = recording.bytes.size();
  if (const std::size_t begin = framer->end(); begin < size) {
    recording.marks.push_back({size, last});
    judge.read_rest(event(begin, size));
  }
  if (recording.framing == Framing::ndjson && !judge.were_events()) return judge_response(recording.bytes);
  return judge.finish();
}

Recorder::Recorder(TimePoint start) : state_(std::make_unique<State>(start)) {}
Recorder::Recorder(Recorder&&) noexcept = default;
Recorder& Recorder::operator=(Recorder&&) noexcept = default;
Recorder::~Recorder() = default;

void Recorder::write(std::string_view bytes, TimePoint now) {
  if (bytes.empty()) return;
  State& state = *state_;
  Recording& recording = state.recording;
  const auto at = std::chrono::duration_cast<Milliseconds>(now - state.start);
  state.written = recording.bytes.size();
  recording.bytes += bytes;
  if (recording.framing == Framing::raw) recording.marks.push_back({recording.bytes.size(), at});
  if (!state.framer) {
    if (const auto framing = find_framing(recording.bytes)) state.decide(*framing);
  }
  if (state.framer) state.read_chunks(at);
  state.last = at;
}

std::size_t Recorder::size() const {
  return state_->recording.bytes.size();
}

Recorder::Finished Recorder::finish(TimePoint now) {
  State& state = *state_;
  Verdict verdict = state.finish();
  Recording& recording = state.recording;
  recording.total = std::chrono::duration_cast<Milliseconds>(now - state.start);
  verdict.metadata.origin_total = recording.total;
  if (!recording.marks.empty()) verdict.metadata.origin_first_chunk = recording.marks.front().at;
  return {std::move(recording), std::move(verdict)};
}

}  // namespace libcache
