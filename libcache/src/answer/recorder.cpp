#include <libcache/answer.h>

#include <utility>

#include "answer/judge.h"
#include "answer/reader.h"
#include "answer/received_bytes.h"
#include "answer/shapes/plain_text.h"
#include "answer/transport/compression.h"
#include "answer/transport/http_head.h"
#include "text/integer.h"
#include "text/trim.h"
#include "text/utf8.h"

namespace libcache LIBCACHE_EXPORT {

using namespace internal;

struct AnswerRecorder::State {
  State(AnswerFacts the_facts, TimePoint time) : facts(std::move(the_facts)), start(time), reader(facts.content_type) {}

  void read(bool last);
  bool has_events() const { return reader.has_framing() || judge.has_protocol(); }
  bool is_stream() const { return has_events() && judge.is_stream(); }
  Verdict judge_body(std::string_view bytes);
  Verdict judge_transport(std::string_view bytes, const Verdict& of_body) const;
  Verdict finish();

  const AnswerFacts facts;
  const TimePoint start;
  std::optional<Milliseconds> first;  // when the first bytes came
  Milliseconds last{0};               // when the last bytes came
  Milliseconds now{0};                // when the bytes came that are being taken
  std::size_t written = 0;            // the size before they came
  std::size_t chunks_end = 0;
  std::vector<Recording::Mark> writes;  // where each piece ended: the chunks of a compressed stream
  AnswerReader reader;
  Judge judge;
  ReceivedBytes received;
  std::vector<Recording::Mark> marks;
};

void AnswerRecorder::State::read(bool is_last) {
  const auto on_event = [this](const AnswerEvent& event) {
    if (is_success(reader.head().status) || is_success(facts.http_status.value_or(0))) judge.know_success();
    judge.read(event);
  };
  // If the end of a chunk is recognised only when more bytes arrive, the chunk keeps its earlier time.
  const auto on_chunk = [this](std::size_t size) {
    chunks_end += size;
    marks.push_back({chunks_end, chunks_end <= written ? last : now});
  };
  (void)reader.read(received.after(chunks_end), is_last, on_event, on_chunk);
  received.set_read(chunks_end, now);
}

Verdict AnswerRecorder::State::judge_body(std::string_view bytes) {
  if (has_events()) return judge.finish();
  if (reader.left_framing()) return {};  // a text that began like JSON or events
  const auto& decompressed = reader.decompressed();
  if (decompressed && decompressed->bytes.empty() && decompressed->end != Decompressed::End::whole) return {};
  const std::string_view body = bytes.substr(reader.head().size);
  std::string error = describe_text_error(decompressed ? decompressed->bytes : body);
  if (error.empty()) return {};
  return {Completeness::error, std::move(error), {}};
}

// The faults outside the body.
Verdict AnswerRecorder::State::judge_transport(std::string_view bytes, const Verdict& of_body) const {
  const HttpHead& head = reader.head();
  const bool is_request = !facts.request.empty() && trimmed(bytes) == trimmed(facts.request);
  if (is_request) return {Completeness::error, "the answer is the request itself", {}};
  if (head.is_cut) return {Completeness::incomplete, "the answer ended inside its HTTP header", {}};
  for (const int status : {head.status, facts.http_status.value_or(0)}) {
    if (Verdict verdict = judge_status(status); verdict.completeness != Completeness::complete) return verdict;
  }
  const auto& decompressed = reader.decompressed();
  const std::string_view body = bytes.substr(head.size);
  const bool is_cut_mark = !body.empty() && body.size() < kByteOrderMark.size() && kByteOrderMark.starts_with(body);
  if (is_cut_mark || is_cut_before_compression(body)) {
    return {Completeness::incomplete, "the answer was cut short inside its first bytes", {}};
  }
  // By curl -w, after the compressed bytes.
  const int printed = decompressed ? parse_integer<int>(trimmed(decompressed->rest)).value_or(0) : 0;
  if (printed >= 400 && printed < 600) return judge_status(printed);
  // curl --compressed prints the length of what it decompressed.
  const bool has_length = head.content_length && (decompressed || !head.is_encoded);
  if (has_length && bytes.size() - head.size < *head.content_length) {
    return {Completeness::incomplete, "the answer is shorter than its content-length", {}};
  }
  if (of_body.completeness == Completeness::error) return {};
  if (decompressed && decompressed->end == Decompressed::End::cut) {
    return {Completeness::incomplete, "the compressed answer was cut short", {}};
  }
  if (decompressed && decompressed->end == Decompressed::End::damaged) {
    return {Completeness::error, "the compressed answer is damaged", {}};
  }
  return {};
}

Verdict AnswerRecorder::State::finish() {
  written = received.size();
  read(true);
  const std::string_view bytes = received.whole();
  const auto& decompressed = reader.decompressed();
  const bool is_judged = !decompressed || decompressed->end != Decompressed::End::too_large;
  Verdict verdict = is_judged ? judge_body(bytes) : Verdict();
  Verdict transport = judge_transport(bytes, verdict);
  if (transport.completeness != Completeness::complete) {
    verdict.completeness = transport.completeness;
    verdict.reason = std::move(transport.reason);
  }
  if (!reader.head().content_type.empty()) verdict.metadata.content_type = reader.head().content_type;
  return verdict;
}

AnswerRecorder::AnswerRecorder(AnswerFacts facts, TimePoint start)
    : state_(std::make_unique<State>(std::move(facts), start)) {}
AnswerRecorder::AnswerRecorder(AnswerRecorder&&) noexcept = default;
AnswerRecorder& AnswerRecorder::operator=(AnswerRecorder&&) noexcept = default;
AnswerRecorder::~AnswerRecorder() = default;

void AnswerRecorder::write(std::string_view bytes, TimePoint now) {
  if (bytes.empty()) return;
  State& state = *state_;
  state.now = std::chrono::duration_cast<Milliseconds>(now - state.start);
  if (!state.first) state.first = state.now;
  state.written = state.received.size();
  state.received.append(bytes, state.now);
  if (!state.reader.has_framing()) state.writes.push_back({state.received.size(), state.now});
  state.read(false);
  state.last = state.now;
}

std::size_t AnswerRecorder::size() const {
  return state_->received.size();
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
  if (!state.is_stream()) {
    answer.body = std::move(state.received.whole());
    return answer;
  }
  answer.kind = EntryKind::stream;
  answer.recording.bytes = std::move(state.received.whole());
  answer.recording.marks = std::move(state.reader.decompressed() ? state.writes : state.marks);
  answer.recording.total = *answer.metadata.origin_total;
  auto& marks = answer.recording.marks;
  const std::size_t size = answer.recording.bytes.size();
  if (marks.empty() || marks.back().end < size) marks.push_back({size, state.last});
  return answer;
}

std::size_t http_head_size(std::string_view beginning) {
  const auto head = read_http_head(beginning, true);
  return head && !head->is_cut ? head->size : 0;
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

}  // namespace libcache LIBCACHE_EXPORT
