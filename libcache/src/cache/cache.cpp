#include <fmt/format.h>
#include <libcache/bifrost.h>
#include <libcache/cache.h>

#include <atomic>
#include <numeric>
#include <utility>
#include <vector>

#include "answer/policy.h"
#include "base/guarded.h"
#include "cache/clear.h"
#include "cache/get_or_fill.h"
#include "cache/layout/entries.h"
#include "cache/write_queue.h"
#include "key/names.h"

namespace libcache {

using namespace internal;

std::string_view to_string(MissReason reason) {
  switch (reason) {
    case MissReason::none:
      return "none";
    case MissReason::absent:
      return "absent";
    case MissReason::expired:
      return "expired";
    case MissReason::corrupt:
      return "corrupt";
    case MissReason::collision:
      return "collision";
    case MissReason::incomplete:
      return "incomplete";
  }
  return "none";
}

namespace {

const std::string& name_of(const RequestKey& key, EntryKind kind) {
  return kind == EntryKind::stream ? key.stream_name : key.response_name;
}

}  // namespace

struct Cache::State {
  State(std::unique_ptr<Store> the_store, CacheOptions the_options)
      : store(std::move(the_store)),
        options(std::move(the_options)),
        layout(options.key.scheme == KeyScheme::native ? make_native_layout() : make_bifrost_layout(options.clock)),
        queue({options.queue_entries, options.queue_bytes, options.write_budget, options.closing_budget},
              [this](const PendingWrite& write, Deadline deadline) { write_in_background(write, deadline); }) {}

  Result<Lookup> find(std::string_view name, const RequestKey* key, Deadline deadline);
  Result<bool> put(const RequestKey& key, const Answer& answer, const StoreAnswerOptions& put_options,
                   Deadline deadline);
  void write_in_background(const PendingWrite& write, Deadline deadline);
  // Under the bifrost scheme a stream is judged as a gateway's.
  Verdict verdict_on(const Answer& answer) const {
    const bool is_gateway_stream = options.key.scheme == KeyScheme::bifrost && answer.kind == EntryKind::stream;
    Verdict verdict{answer.completeness, answer.reason, answer.metadata};
    if (!is_gateway_stream) return verdict;
    Verdict of_gateway = bifrost::judge_stream(answer.recording);
    of_gateway.metadata.origin_first_chunk = verdict.metadata.origin_first_chunk;
    of_gateway.metadata.origin_total = verdict.metadata.origin_total;
    return of_gateway;
  }

  tl::unexpected<Error> refuse(Refusal refusal, std::string reason) {
    ++refused[static_cast<std::size_t>(refusal)];
    return fail(ErrorCode::policy, std::move(reason));
  }

  Lookup missed(std::string_view name, Lookup found) {
    ++misses[static_cast<std::size_t>(found.miss)];
    if (!found.reason.empty()) {
      warn(fmt::format("entry.{}", to_string(found.miss)), fmt::format("{}: {}", name, found.reason));
    }
    return found;
  }

  // Hands a store's result through, counting its failures.
  template <class T>
  Result<T> counted(Result<T> result) {
    if (!result) ++store_errors;
    return result;
  }

  void warn(std::string name, std::string message) {
    if (options.on_event) options.on_event({Event::Severity::warning, std::move(name), std::move(message)});
  }

  std::unique_ptr<Store> store;
  const CacheOptions options;
  const std::unique_ptr<EntryLayout> layout;
  // Each caller borrows one, so that keys are derived side by side with buffers that are made once.
  Guarded<std::vector<KeyDeriver>> idle_derivers;
  std::atomic<std::uint64_t> hits{0}, stored{0}, dropped{0}, store_errors{0};
  std::array<std::atomic<std::uint64_t>, kMissReasons> misses{};
  std::array<std::atomic<std::uint64_t>, kRefusals> refused{};
  LocalFlights flights;
  WriteQueue queue;  // last: its thread uses all of the above
};

Result<std::unique_ptr<Cache>> Cache::create(std::unique_ptr<Store> store, CacheOptions options) {
  auto deriver = KeyDeriver::create(options.key);
  if (!deriver) return tl::make_unexpected(deriver.error());
  auto state = std::make_unique<State>(std::move(store), std::move(options));
  state->idle_derivers.lock()->push_back(std::move(*deriver));
  return std::unique_ptr<Cache>(new Cache(std::move(state)));
}

Cache::Cache(std::unique_ptr<State> state) : state_(std::move(state)) {}
Cache::~Cache() = default;

Store& Cache::store() {
  return *state_->store;
}
const CacheOptions& Cache::options() const {
  return state_->options;
}

Result<RequestKey> Cache::key(std::string_view request) const {
  std::optional<KeyDeriver> deriver;
  {
    auto idle = state_->idle_derivers.lock();
    if (!idle->empty()) {
      deriver = std::move(idle->back());
      idle->pop_back();
    }
  }
  if (!deriver) {
    auto made = KeyDeriver::create(state_->options.key);
    if (!made) return tl::make_unexpected(made.error());
    deriver = std::move(*made);
  }
  auto key = deriver->derive(request);
  state_->idle_derivers.lock()->push_back(std::move(*deriver));
  return key;
}

// The proof of a hit, cheapest part first: present, intact, not expired, of this very request.
Result<Lookup> Cache::State::find(std::string_view name, const RequestKey* key, Deadline deadline) {
  auto found = counted(layout->get(*store, name, deadline));
  if (!found) return found;
  if (!*found) return missed(name, *std::move(found));
  const Entry& entry = *found->entry;
  if (entry.expires() && *entry.expires() <= options.clock()) return missed(name, {.miss = MissReason::expired});
  const bool proves_request = options.key.scheme == KeyScheme::native;
  if (key != nullptr && proves_request && entry.request_digest() != key->proof()) {
    return missed(name,
                  {.miss = MissReason::collision, .reason = "the entry answers another request with the same hash"});
  }
  ++hits;
  return found;
}

Result<Lookup> Cache::get(const RequestKey& key, EntryKind kind, Deadline deadline) {
  return state_->find(name_of(key, kind), &key, deadline);
}

Result<Lookup> Cache::get_named(std::string_view name, Deadline deadline) {
  return state_->find(name, nullptr, deadline);
}

Result<bool> Cache::State::put(const RequestKey& key, const Answer& answer, const StoreAnswerOptions& put_options,
                               Deadline deadline) {
  AnswerPolicy policy = options.policy;
  policy.accept_incomplete |= put_options.allow_errors;
  policy.accept_errors |= put_options.allow_errors;
  const Verdict verdict = verdict_on(answer);
  if (auto reason = reason_to_refuse(verdict.completeness, verdict.reason, verdict.metadata, policy)) {
    return refuse(reason->refusal, std::move(reason->message));
  }
  const Ttl ttl = put_options.ttl.value_or(options.ttl);
  const std::vector<Chunk> chunks = answer.recording.chunks();
  EntryDraft draft;
  draft.kind = answer.kind;
  draft.created = options.clock();
  if (const auto lifetime = layout->lifetime(ttl)) draft.expires = draft.created + *lifetime;
  draft.request_digest = key.proof();
  draft.metadata = verdict.metadata;
  draft.metadata.incomplete = verdict.completeness == Completeness::incomplete;
  draft.metadata.error = verdict.completeness == Completeness::error;
  if (draft.metadata.tool.empty()) draft.metadata.tool = options.tool;
  if (draft.metadata.provider.empty()) draft.metadata.provider = key.provider;
  if (options.keep_request) draft.request = key.canonical;
  draft.body = answer.body;
  draft.chunks = chunks;
  const auto values = layout->encode(key.stream ? key.stream_name : key.response_name, draft);
  if (!values && values.error().code == ErrorCode::policy) return refuse(Refusal::unservable, values.error().message);
  if (!values) return tl::make_unexpected(values.error());
  const auto add = [](std::uint64_t sum, const NamedValue& value) { return sum + value.bytes.size(); };
  const auto size = std::accumulate(values->begin(), values->end(), std::uint64_t{0}, add);
  if (size > options.max_entry) {
    return refuse(Refusal::too_large,
                  fmt::format("the entry takes {} bytes, more than max_entry ({})", size, options.max_entry));
  }
  auto written = counted(layout->write(*store, *values, {draft.expires, put_options.only_new}, deadline));
  if (written && *written) ++stored;
  return written;
}

Result<bool> Cache::put(const RequestKey& key, const Answer& answer, const StoreAnswerOptions& options,
                        Deadline deadline) {
  return state_->put(key, answer, options, deadline);
}

void Cache::State::write_in_background(const PendingWrite& write, Deadline deadline) {
  const auto written = put(write.key, write.answer, write.options, deadline);
  if (written) return;
  if (written.error().code != ErrorCode::policy) ++dropped;
  warn("write.failed", written.error().message);
}

bool Cache::put_later(RequestKey key, Answer answer, StoreAnswerOptions options) {
  const bool queued = state_->queue.push({std::move(key), std::move(answer), options});
  if (!queued) ++state_->dropped;
  return queued;
}

Status Cache::flush(Deadline deadline) {
  return state_->queue.flush(deadline);
}

Result<Filled> Cache::get_or_fill(const RequestKey& key, const Producer& produce, const Receiver& receive,
                                  const FillOptions& options, Deadline deadline) {
  return internal::get_or_fill({*this, state_->flights, key, produce, receive, options, deadline});
}

Result<std::uint64_t> Cache::clear(std::string_view name, Deadline deadline) {
  const auto scheme = state_->options.key.scheme;
  return state_->counted(internal::clear(*state_->store, *state_->layout, without_kind(name), scheme, deadline));
}

std::string Cache::entry_name(std::string_view key, EntryKind kind) const {
  return state_->layout->entry_name(key, kind);
}

std::size_t Cache::head_bytes() const {
  return state_->layout->head_bytes();
}

Result<EntryHead> Cache::head(const ScanRow& listing) const {
  return state_->layout->head(listing);
}

Counters Cache::counters() const {
  Counters counters;
  counters.hits = state_->hits;
  for (std::size_t i = 0; i < kMissReasons; ++i) counters.misses[i] = state_->misses[i];
  counters.stored = state_->stored;
  for (std::size_t i = 0; i < kRefusals; ++i) counters.refused[i] = state_->refused[i];
  counters.dropped = state_->dropped;
  counters.store_errors = state_->store_errors;
  return counters;
}

}  // namespace libcache
