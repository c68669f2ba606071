// The answer of a hit, and of another caller.
#include <algorithm>
#include <utility>

#include "cache/fill/state.h"

namespace libcache::internal {

Result<Fill::Piece> FillState::read_stored() {
  auto chunk = stored->next();
  if (!chunk)
    return following.delivered() > 0 ? broken_off(chunk.error().message)
                                     : fail(chunk.error().code, chunk.error().message);
  if (!*chunk) return Fill::Piece{.done = true};
  return Fill::Piece{.bytes = (*chunk)->bytes, .at = (*chunk)->at};
}

Milliseconds FillState::wait_left() const {
  if (!options.wait) return Milliseconds::max();
  const auto waited = std::chrono::floor<Milliseconds>(Steady::now() - news_at);
  return std::max(Milliseconds(0), *options.wait - waited);
}

Result<Fill::Piece> FillState::read_followed(Deadline until) {
  if (deadline.remaining() < until.remaining()) until = deadline;
  auto news = tail->read(options.wait ? until.capped(wait_left()) : until);
  if (!news) {
    if (following.delivered() == 0) core.events.warn("flight.unavailable", name(), news.error().message);
    return without_leader(news.error().message);
  }
  if (!news->bytes.empty()) {
    news_at = Steady::now();
    following.take(news->bytes);
    if (following.proof() && *following.proof() != proof()) return leave_other_request();
  }
  if (news->state == FlightState::flying) {
    if (is_live() && !news->bytes.empty()) return Fill::Piece{.bytes = following.deliver()};
    if (deadline.expired()) return fail(ErrorCode::timeout, kTooLate);
    if (wait_left() > Milliseconds(0)) return Fill::Piece{};
    if (following.delivered() > 0) return broken_off("nothing more has arrived for too long");
    return stop_waiting().map([] { return Fill::Piece{}; });
  }
  if (news->size == kLedElsewhere && news->state == FlightState::abandoned && following.received() == 0) {
    return join_shared().map([] { return Fill::Piece{}; });
  }
  // Without a whole head nothing says which request was answered.
  const bool is_complete =
      news->state != FlightState::abandoned && following.received() == news->size && following.proof();
  if (!is_complete) return follow_no_longer();
  filled.source = Filled::Source::leader;
  count();
  return Fill::Piece{.bytes = following.deliver(), .done = true};
}

const Digest& FillState::proof() {
  if (!own_proof) own_proof = key.proof();
  return *own_proof;
}

// Two requests can have one name (see "Proof" in llmcache-format(5)). This one gets its own answer.
Result<Fill::Piece> FillState::leave_other_request() {
  core.events.note("flight.other_request", name(), "the leader answers another request with the same name");
  return become_lone_lead().map([] { return Fill::Piece{}; });
}

bool FillState::is_live() const {
  return options.live && (!options.live_needs_content_type || !following.metadata().content_type.empty());
}

// The flight has ended before this follower received all of it. The store may have the whole answer.
Result<Fill::Piece> FillState::follow_no_longer() {
  auto found = look_up();
  if (!found || !*found) return without_leader("its leader did not finish it");
  lookup = *std::move(found);
  return become_hit().map([] { return Fill::Piece{}; });
}

// Storing is left to the other caller, which may still be producing.
Status FillState::stop_waiting() {
  stores = false;
  why_not_stored = "another caller is taking too long to answer the same request";
  core.events.warn("fill.uncached", name(), why_not_stored + "; running without the cache");
  return become_lone_lead();
}

Result<Fill::Piece> FillState::without_leader(const std::string& why) {
  if (deadline.expired()) return fail(ErrorCode::timeout, kTooLate);
  if (following.delivered() > 0) return broken_off(why);
  return become_lone_lead().map([] { return Fill::Piece{}; });
}

}  // namespace libcache::internal
