// Recording, sharing and storing a new answer.
#include <utility>

#include "answer/judge.h"
#include "cache/fill/flight_head.h"
#include "cache/fill/state.h"
#include "entry/rejection.h"

namespace libcache::internal {

namespace {

// Anything slower can wait until the answer has arrived.
constexpr Milliseconds kPrepareBudget{10};
// Answers shrink when they are encoded, but hardly ever to less than a quarter.
constexpr std::uint64_t kMostRawPerEncoded = 4;

}  // namespace

void FillState::prepare() {
  if (!recording) return;
  core.store->prepare_put(deadline.capped(kPrepareBudget));
  // A warm-up whose result is discarded: the first encoding of a process is several times as slow as the others.
  constexpr std::size_t kEnough = 4096;
  (void)encode({.kind = EntryKind::response, .request = std::string_view(key.canonical).substr(0, kEnough)});
}

Status FillState::write(std::string_view bytes) {
  if (role != Fill::Role::lead || is_finished) return fail(ErrorCode::invalid, "only a leader writes, until finish()");
  if (bytes.empty()) return {};
  if (is_cut || deadline.expired()) {
    is_cut = true;
    return fail(ErrorCode::timeout, kTooLate);
  }
  if (recording) {
    if (!recorder) start_recording();
    recorder->write(bytes);
    if (recorder->size() / kMostRawPerEncoded > core.options.max_entry) stop_recording();
  }
  if (!std::exchange(head_shared, true)) lead.append(write_flight_head(key.proof(), description));
  lead.append(bytes);
  return {};
}

void FillState::finish() {
  if (role != Fill::Role::lead || std::exchange(is_finished, true)) return;
  filled = {.source = Filled::Source::producer};
  if (is_cut) {
    abandon();
    filled.reason = kTooLate;
    return;
  }
  if (!stores) {
    filled.storing = store_error ? Filled::Storing::failed : Filled::Storing::none;
    filled.store_error = store_error;
    filled.reason = store_error ? store_error->message : why_not_stored;
    return;
  }
  try {
    store();
  } catch (...) {  // of a callback; the followers have the whole answer
    end_flight();
    throw;
  }
  end_flight();
  if (!flight_error.empty() && filled.storing != Filled::Storing::failed) {
    core.events.warn("flight.unavailable", name(), flight_error);
  }
}

void FillState::end_flight() {
  timed([&](Deadline until) { return lead.end(ending, until), 0; });
  stop_recording();
  stores = false;
}

void FillState::start_recording() {
  if (facts.content_type.empty()) facts.content_type = description.content_type;
  facts.http_status = http_status;
  recorder.emplace(std::move(facts), lead_since);
}

void FillState::stop_recording() {
  recorder.reset();
  recording = false;
}

void FillState::refuse(Refused refused) {
  filled.storing = Filled::Storing::refused;
  filled.refusal = refused.refusal;
  filled.reason = std::move(refused.message);
}

bool FillState::is_rejected(const Answer& answer) const {
  if (lookup.miss != MissReason::rejected) return false;
  const std::string_view bytes = answer.kind == EntryKind::stream ? answer.recording.bytes : answer.body;
  return digest_of_answer(bytes) == lookup.rejected;
}

void FillState::store() {
  if (!recording) {
    ending = FlightState::complete;
    return refuse(core.refuse(key, Refusal::too_large, "the answer is much larger than max_entry"));
  }
  if (!recorder) start_recording();
  Answer answer = std::move(*recorder).finish();
  core.layout->judge(answer);
  if (http_status && answer.completeness == Completeness::complete) {
    Verdict verdict = judge_status(*http_status);
    answer.completeness = verdict.completeness;
    answer.reason = std::move(verdict.reason);
  }
  if (answer.completeness == Completeness::complete) ending = FlightState::complete;
  add_metadata(answer.metadata, description);
  if (std::string reason = options.refuse ? options.refuse(answer) : ""; !reason.empty()) {
    return refuse(core.refuse(key, Refusal::not_wanted, std::move(reason)));
  }
  if (is_rejected(answer)) {
    return refuse(core.refuse(key, Refusal::rejected, "it is the answer that was rejected"));
  }
  if (deadline.expired()) {
    filled.reason = "the deadline had passed before it could be stored";
    return;
  }
  const StoreAnswerOptions put_options{.ttl = options.ttl};
  auto put = timed([&](Deadline until) { return core.put(key, answer, put_options, until); });
  if (!put) {
    ending = FlightState::complete;
    filled.storing = Filled::Storing::failed;
    filled.reason = put.error().message;
    filled.store_error = std::move(put.error());
    return;
  }
  if (!put->refused) {
    ending = FlightState::stored;
    filled.storing = Filled::Storing::stored;
    return;
  }
  refuse(*std::move(put->refused));
  const bool is_broken = filled.refusal == Refusal::incomplete || filled.refusal == Refusal::error;
  ending = is_broken ? FlightState::abandoned : FlightState::complete;
}

void FillState::abandon() {
  lead.abandon();
  stop_recording();
  stores = false;
}

}  // namespace libcache::internal
