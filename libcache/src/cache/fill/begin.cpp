#include <libcache/cache.h>

#include <utility>

#include "cache/fill/state.h"

namespace libcache LIBCACHE_EXPORT {

using namespace internal;

Fill::Fill(std::unique_ptr<FillState> state) : state_(std::move(state)) {}
Fill::Fill(Fill&&) noexcept = default;
Fill& Fill::operator=(Fill&&) noexcept = default;
Fill::~Fill() {
  if (state_ && state_->core.is_forked()) (void)state_.release();
}

Fill::Role Fill::role() const {
  return state_->role;
}
const Lookup& Fill::lookup() const {
  return state_->lookup;
}
const std::optional<Error>& Fill::store_error() const {
  return state_->store_error;
}
Filled::Source Fill::source() const {
  return state_->filled.source;
}
const Filled& Fill::filled() const {
  return state_->filled;
}

Result<EntryHead> Fill::head() const {
  if (state_->role == Role::hit) return state_->lookup.entry->head();
  EntryHead head;
  head.kind = state_->key.stream ? EntryKind::stream : EntryKind::response;
  head.metadata = state_->role == Role::lead ? state_->description : state_->following.metadata();
  return head;
}

Result<Fill::Piece> Fill::read(Deadline deadline) {
  switch (state_->role) {
    case Role::hit:
      return state_->read_stored();
    case Role::follow:
      return state_->read_followed(deadline);
    case Role::lead:
      break;
  }
  return Piece{};
}

void Fill::describe(const Metadata& metadata, std::optional<int> http_status) {
  if (http_status) state_->http_status = http_status;
  Metadata description = metadata;
  add_metadata(description, state_->description);
  state_->description = std::move(description);
}

void Fill::prepare() {
  state_->prepare();
}
Status Fill::write(std::string_view bytes) {
  return state_->write(bytes);
}
bool Fill::is_followed() {
  return state_->lead.is_followed();
}
Filled Fill::finish() {
  state_->finish();
  return state_->filled;
}
void Fill::abandon() {
  state_->abandon();
}

}  // namespace libcache LIBCACHE_EXPORT

namespace libcache::internal {

FillState::FillState(CacheCore& the_core, RequestKey the_key, FillOptions the_options, Deadline the_deadline)
    : core(the_core),
      key(std::move(the_key)),
      options(std::move(the_options)),
      deadline(the_deadline),
      store_budget(options.store_budget),
      description(options.metadata),
      facts(options.facts),
      http_status(options.facts.http_status) {}

FillState::~FillState() {
  if (role != Fill::Role::follow) return;
  try {
    count();
  } catch (...) {
    // A destructor has no caller that a callback's exception could reach.
  }
}

const std::string& FillState::name() const {
  return entry_name_of(key);
}

Result<Lookup> FillState::look_up() {
  auto found = timed([&](Deadline until) { return core.find(name(), &key, until); });
  if (found) core.report(name(), *found);
  return found;
}

void FillState::count() {
  if (std::exchange(counted, true)) return;
  add_to_counters();
  const bool has_missed = role == Fill::Role::lead && !store_error && !options.overwrite;
  core.report_use(name(), has_missed ? lookup.miss : MissReason::none, &key);
}

void FillState::add_to_counters() {
  const bool followed = filled.source == Filled::Source::leader || role == Fill::Role::follow;
  if (!followed && role == Fill::Role::hit) return core.count_hit(key, *lookup.entry);
  core.counter_set.count(subject_of(key), [&](Counters& counters) {
    if (followed) {
      ++counters.followed;
    } else if (store_error) {
      ++counters.failed_lookups;
    } else if (!options.overwrite) {
      ++counters.misses[static_cast<std::size_t>(lookup.miss)];
    }
  });
}

Status FillState::begin() {
  try {
    return look_up_and_join();
  } catch (...) {  // of a callback
    if (!options.overwrite && !std::exchange(counted, true)) core.count_failed_lookup(subject_of(key));
    throw;
  }
}

Status FillState::look_up_and_join() {
  if (options.overwrite) return become_lead();
  auto found = look_up();
  if (!found) return become_uncached(std::move(found.error()));
  lookup = *std::move(found);
  if (lookup) return become_hit();
  return join();
}

// The threads of this process agree first, so that only one of them asks the store.
Status FillState::join() {
  auto local = core.local_flights.join(name(), deadline);
  if (!local) return lead_without_flight(std::move(local.error()));
  if (local->tail) return follow(std::move(local->tail));
  lead.local = std::move(local->lease);
  lead.shares_with_threads = options.share_with_threads;
  return join_shared();
}

// If another process leads, each thread follows it by itself, so that none depends on how fast another one reads.
Status FillState::join_shared() {
  auto* const flights = core.layout->flights(*core.store);
  Flight flight{.lease = nullptr, .tail = nullptr, .value_present = true};
  if (flights != nullptr) {
    auto joined = timed([&](Deadline until) { return flights->join(name(), until); });
    if (!joined) return lead_without_flight(std::move(joined.error()));
    flight = *std::move(joined);
  }
  if (flight.tail) {
    lead.leave_to_other();
    return follow(std::move(flight.tail));
  }
  lead.shared = std::move(flight.lease);
  if (flight.value_present) {
    auto found = look_up();
    if (found) lookup = *std::move(found);
    if (lookup) return become_hit();
  }
  return become_lead();
}

Status FillState::lead_without_flight(Error error) {
  if (deadline.expired()) return fail(std::move(error));
  if (error.code != ErrorCode::not_supported) flight_error = std::move(error.message);
  return become_lead();
}

Status FillState::follow(std::unique_ptr<LiveTail> leader) {
  if (!tail) core.events.note("flight.followed", name(), "following another caller of the same request");
  tail = std::move(leader);
  role = Fill::Role::follow;
  filled.source = Filled::Source::leader;
  return {};
}

Status FillState::become_hit() {
  lead.abandon();  // followers find the answer in the store
  tail.reset();
  const bool followed = following.delivered() > 0;
  filled.source = followed ? Filled::Source::leader : Filled::Source::store;
  stored.emplace(*lookup.entry, following);
  role = Fill::Role::hit;
  count();
  return {};
}

Status FillState::become_lead() {
  tail.reset();
  role = Fill::Role::lead;
  filled.source = Filled::Source::producer;
  recording = stores;
  lead_since = Steady::now();
  count();
  return {};
}

// This caller neither leads nor follows; the other followers of the same leader do the same.
Status FillState::become_lone_lead() {
  lead.abandon();
  return become_lead();
}

Status FillState::become_uncached(Error error) {
  store_error = std::move(error);
  stores = false;
  if (deadline.expired() || options.require_store) {
    count();
    return fail(*store_error);
  }
  core.events.warn("fill.uncached", name(), store_error->message + "; running without the cache");
  return become_lone_lead();
}

tl::unexpected<Error> broken_off(const std::string& why) {
  return fail(ErrorCode::corrupt, "the answer broke off after a part of it was delivered: " + why);
}

}  // namespace libcache::internal
