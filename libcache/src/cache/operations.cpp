#include <libcache/cache.h>

#include <algorithm>
#include <utility>

#include "cache/clear.h"
#include "cache/core.h"
#include "cache/fill/state.h"
#include "cache/secret_values.h"
#include "cache/write_queue.h"
#include "key/names.h"

namespace libcache LIBCACHE_EXPORT {

using namespace internal;

namespace {

// The exceptions of callbacks have no caller that they could reach on this thread.
void ignore_exceptions(const auto& calls_back) {
  try {
    calls_back();
  } catch (...) {
    // As event.h says.
  }
}

// An answer counts as lost only if the store failed or a callback threw, not if the policy refuses it.
Status write_in_background(CacheCore& core, const PendingWrite& write, Deadline deadline) {
  Result<CacheCore::Put> put = fail(ErrorCode::internal, "a callback threw an exception");
  ignore_exceptions(
      [&] { put = core.put(write.key, core.judge(write.answer, write.options.facts), write.options, deadline); });
  const bool failed = !put.has_value();
  if (!failed && !put->refused) return {};
  const std::string& reason = failed ? put.error().message : put->refused->message;
  const auto count = [](Counters& counters) { ++counters.dropped; };
  if (failed) ignore_exceptions([&] { core.counter_set.count(subject_of(write.key), count); });
  ignore_exceptions([&] { core.events.warn("write.failed", entry_name_of(write.key), reason); });
  return failed ? Status(fail(put.error())) : Status();
}

const std::string& name_of(const RequestKey& key, EntryKind kind) {
  return kind == EntryKind::stream ? key.stream_name : key.response_name;
}

// A lookup that a callback of the store ends with an exception is counted too.
Result<Lookup> find_or_count(CacheCore& core, const Subject& subject, std::string_view name, const RequestKey* key,
                             Deadline deadline) {
  try {
    return core.find(name, key, deadline);
  } catch (...) {
    core.count_failed_lookup(subject);
    throw;
  }
}

Result<Lookup> find_and_count(CacheCore& core, std::string_view name, const RequestKey* key, Deadline deadline) {
  const Subject subject = key != nullptr ? subject_of(*key) : core.session();
  auto found = find_or_count(core, subject, name, key, deadline);
  if (!found) {
    core.count_failed_lookup(subject);
    return found;
  }
  // Counted first, because the callbacks may throw.
  key != nullptr ? core.count(*key, *found) : core.count_named(name, *found);
  core.report(name, *found);
  core.report_use(name, found->miss, key);
  return found;
}

}  // namespace

Result<std::unique_ptr<Cache>> Cache::create(std::unique_ptr<Store> store, CacheOptions options) {
  if (!store) return fail(ErrorCode::invalid, "a cache needs a store");
  if (!options.clock) return fail(ErrorCode::invalid, "a cache needs a clock");
  auto deriver = KeyDeriver::create(options.key);
  if (!deriver) return fail(deriver.error());
  auto core = std::make_unique<CacheCore>(std::move(store), std::move(options), std::move(*deriver));
  return std::unique_ptr<Cache>(new Cache(std::move(core)));
}

Cache::Cache(std::unique_ptr<CacheCore> core) : core_(std::move(core)) {
  const CacheOptions& options = core_->options;
  const WriteQueue::Limits limits{options.queue_entries, options.queue_bytes, options.write_budget,
                                  options.closing_budget};
  const auto write = [core = core_.get()](const PendingWrite& pending, Deadline deadline) {
    return write_in_background(*core, pending, deadline);
  };
  queue_ = std::make_unique<WriteQueue>(limits, write);
}
Cache::~Cache() {
  if (core_->is_forked()) (void)core_.release();
}

Store& Cache::store() {
  return *core_->store;
}
const CacheOptions& Cache::options() const {
  return core_->options;
}

Result<RequestKey> Cache::key(std::string_view request) const {
  return core_->key(request);
}

Result<Lookup> Cache::get(const RequestKey& key, EntryKind kind, Deadline deadline) {
  return find_and_count(*core_, name_of(key, kind), &key, deadline);
}

Result<Lookup> Cache::get_before_begin(const RequestKey& key, EntryKind kind, Deadline deadline) {
  auto found = core_->find(name_of(key, kind), &key, deadline);
  if (found && *found) {
    core_->count_hit(key, *found->entry);
    core_->report_use(name_of(key, kind), MissReason::none, &key);
  }
  return found;
}

Result<Lookup> Cache::get_named(std::string_view name, Deadline deadline) {
  return find_and_count(*core_, name, nullptr, deadline);
}

Result<Lookup> Cache::read_named(std::string_view name, Deadline deadline) {
  return core_->find(name, nullptr, deadline);
}

Result<bool> Cache::put(const RequestKey& key, const Answer& answer, const StoreAnswerOptions& options,
                        Deadline deadline) {
  auto put = core_->put(key, core_->judge(answer, options.facts), options, deadline);
  if (!put) return fail(put.error());
  if (put->refused) return fail(ErrorCode::policy, std::move(put->refused->message));
  return put->written;
}

Result<bool> Cache::put_values(std::span<const NamedEntry> values, bool only_new, Deadline deadline) {
  std::vector<NamedValue> named;
  std::optional<UnixTime> expires;
  for (const NamedEntry& value : values) {
    if (const auto status = core_->layout->check(value.name, value.bytes); !status) return fail(status.error());
    if (value.expires) expires = std::min(expires.value_or(*value.expires), *value.expires);
    named.push_back({value.name, value.bytes});
  }
  if (named.empty()) return fail(ErrorCode::corrupt, "an entry without a value");
  if (!core_->layout->is_one_entry(named)) return fail(ErrorCode::corrupt, "values of more than one entry");
  const CacheOptions& options = core_->options;
  if (auto clean = remove_secrets(named, options.policy.on_secret, options.key.scheme); !clean)
    return fail(clean.error());
  const auto rejected = core_->layout->is_rejected(*core_->store, named.front().name, deadline);
  if (!rejected || *rejected) return rejected.map([](bool) { return false; });
  return core_->counted(core_->session(), core_->layout->write(*core_->store, named, {expires, only_new}, deadline));
}

bool Cache::put_later(RequestKey key, Answer answer, StoreAnswerOptions options, Deadline room_by) {
  const std::string name = entry_name_of(key);
  const Status pushed = queue_->push({std::move(key), std::move(answer), options}, room_by);
  if (pushed) return true;
  core_->counter_set.count(core_->session(), [](Counters& counters) { ++counters.dropped; });
  core_->events.warn("write.dropped", name, pushed.error().message + "; an answer is not stored");
  return false;
}

Status Cache::flush(Deadline deadline) {
  return queue_->flush(deadline);
}

Result<Fill> Cache::begin(RequestKey key, FillOptions options, Deadline deadline) {
  auto state = std::make_unique<FillState>(*core_, std::move(key), std::move(options), deadline);
  if (const Status begun = state->begin(); !begun) return fail(begun.error());
  return Fill(std::move(state));
}

Result<Filled> Cache::get_or_fill(const RequestKey& key, const Producer& produce, const Receiver& receive,
                                  const FillOptions& options, Deadline deadline) {
  auto fill = begin(key, options, deadline);
  if (!fill) return fail(fill.error());
  return fill->run(produce, receive);
}

Result<std::uint64_t> Cache::clear(std::string_view name, Deadline deadline) {
  const auto scheme = core_->options.key.scheme;
  return core_->counted(core_->session(),
                        internal::clear(*core_->store, *core_->layout, without_kind(name), scheme, deadline));
}

Result<bool> Cache::touch(std::string_view name, const Ttl& ttl, Deadline deadline) {
  const auto lifetime = core_->layout->lifetime(ttl);
  if (lifetime && *lifetime <= Milliseconds(0)) return fail(ErrorCode::invalid, "a TTL of 0 or less keeps nothing");
  const auto found = core_->find(name, nullptr, deadline);
  if (!found) return fail(found.error());
  if (found->miss == MissReason::corrupt) return fail(ErrorCode::corrupt, found->reason);
  if (!*found) return false;
  const auto expires = expiry(core_->options.clock(), lifetime);
  return core_->counted(core_->session(), core_->layout->touch(*core_->store, name, expires, deadline));
}

Result<bool> Cache::reject(std::string_view name, Deadline deadline) {
  const auto found = core_->find(name, nullptr, deadline);
  if (!found) return fail(found.error());
  if (found->miss == MissReason::corrupt) return fail(ErrorCode::corrupt, found->reason);
  const auto& entry = *found ? found->entry : found->partial;
  if (!entry) return false;
  const auto rejected = core_->layout->reject(*core_->store, name, *entry, core_->options.clock(), deadline);
  return core_->counted(core_->session(), rejected.map([] { return true; }));
}

std::string Cache::entry_name(std::string_view key, EntryKind kind) const {
  return core_->layout->entry_name(key, kind);
}

std::size_t Cache::head_bytes() const {
  return core_->layout->head_bytes();
}

Result<EntryHead> Cache::head(const ScanRow& listing) const {
  return core_->layout->head(listing);
}

Counters Cache::counters() const {
  return core_->counter_set.total();
}
void Cache::count_shared(const RequestKey& key, const Entry* entry) {
  if (entry != nullptr) return core_->count_hit(key, *entry);
  core_->counter_set.count(subject_of(key), [](Counters& counters) { ++counters.followed; });
}
void Cache::write_statistics(Deadline deadline) {
  core_->counter_set.write(deadline);
}

}  // namespace libcache LIBCACHE_EXPORT
