#include <fmt/format.h>
#include <libcache/cache.h>

#include <atomic>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "cache/answer_policy.h"
#include "cache/write_queue.h"

namespace libcache {

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
    case MissReason::wrong_kind:
      return "wrong_kind";
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
        queue({options.queue_entries, options.queue_bytes, options.write_budget, options.closing_budget},
              [this](const PendingWrite& write, Deadline deadline) { write_in_background(write, deadline); }) {}

  Result<Lookup> find(std::string_view name, const std::string* canonical, std::optional<EntryKind> kind,
                      Deadline deadline);
  Result<bool> put(const RequestKey& key, const Answer& answer, const StoreAnswerOptions& put_options,
                   Deadline deadline);
  void write_in_background(const PendingWrite& write, Deadline deadline);

  tl::unexpected<Error> refuse(Refusal refusal, std::string reason) {
    ++refused[static_cast<std::size_t>(refusal)];
    return fail(ErrorCode::policy, std::move(reason));
  }

  Lookup missed(MissReason reason) {
    ++misses[static_cast<std::size_t>(reason)];
    return {std::nullopt, reason};
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
  // Each caller borrows one, so that keys are derived side by side with buffers that are made once.
  Guarded<std::vector<KeyDeriver>> idle_derivers;
  std::atomic<std::uint64_t> hits{0}, stored{0}, dropped{0}, store_errors{0};
  std::array<std::atomic<std::uint64_t>, kMissReasons> misses{};
  std::array<std::atomic<std::uint64_t>, kRefusals> refused{};
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

// The proof of a hit, cheapest part first: present, intact, not expired, of the kind asked for, of this very request.
Result<Lookup> Cache::State::find(std::string_view name, const std::string* canonical, std::optional<EntryKind> kind,
                                  Deadline deadline) {
  auto value = counted(store->get(name, deadline));
  if (!value) return tl::make_unexpected(value.error());
  if (!*value) return missed(MissReason::absent);
  auto entry = Entry::open(std::move(**value));
  if (!entry) {
    warn("entry.corrupt", fmt::format("{}: {}", name, entry.error().message));
    return missed(MissReason::corrupt);
  }
  if (entry->expires() && *entry->expires() <= options.clock()) return missed(MissReason::expired);
  if (kind && entry->kind() != *kind) return missed(MissReason::wrong_kind);
  if (canonical && entry->request_digest() != sha256(*canonical)) {
    warn("entry.collision", fmt::format("{}: the entry answers another request with the same hash", name));
    return missed(MissReason::collision);
  }
  ++hits;
  return Lookup{std::move(*entry), MissReason::none};
}

Result<Lookup> Cache::get(const RequestKey& key, EntryKind kind, Deadline deadline) {
  return state_->find(name_of(key, kind), &key.canonical, kind, deadline);
}

Result<Lookup> Cache::get_named(std::string_view name, Deadline deadline) {
  return state_->find(name, nullptr, std::nullopt, deadline);
}

Result<bool> Cache::State::put(const RequestKey& key, const Answer& answer, const StoreAnswerOptions& put_options,
                               Deadline deadline) {
  if (auto reason = reason_to_refuse(answer, options.policy, put_options.allow_errors)) {
    return refuse(reason->refusal, std::move(reason->message));
  }
  const Ttl ttl = put_options.ttl.value_or(options.ttl);
  const std::vector<Chunk> chunks = answer.recording.chunks();
  EntryDraft draft;
  draft.kind = answer.kind;
  draft.created = options.clock();
  if (ttl.duration) draft.expires = draft.created + *ttl.duration;
  draft.request_digest = sha256(key.canonical);
  draft.metadata = answer.metadata;
  draft.metadata.incomplete = answer.completeness == Completeness::incomplete;
  if (options.keep_request) draft.request = key.canonical;
  draft.body = answer.body;
  draft.chunks = chunks;
  const auto bytes = encode(draft);
  if (!bytes) return tl::make_unexpected(bytes.error());
  if (bytes->size() > options.max_entry) {
    return refuse(Refusal::too_large,
                  fmt::format("the entry takes {} bytes, more than max_entry ({})", bytes->size(), options.max_entry));
  }
  auto written =
      counted(store->put(name_of(key, answer.kind), *bytes, {draft.expires, put_options.only_new}, deadline));
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

Result<std::uint64_t> Cache::clear(std::string_view name, Deadline deadline) {
  const std::string base(base_of(name));
  std::vector<std::string> names{base, base + "_stream"};
  const auto add = [&](const Listing& listing) -> Result<bool> {
    names.push_back(listing.name);
    return true;
  };
  const auto scanned = state_->counted(state_->store->scan(base + "_sample_", 0, add, deadline));
  if (!scanned) return tl::make_unexpected(scanned.error());
  return state_->counted(state_->store->remove(names, deadline));
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
