#include "cache/core.h"

#include <fmt/format.h>

#include <numeric>
#include <span>
#include <utility>

#include "answer/secrets.h"
#include "entry/rejection.h"
#include "text/trim.h"
#include "text/utf8.h"

namespace libcache::internal {

namespace {

// How much of a text fits in an entry's metadata.
constexpr std::size_t kLongestEndpoint = 320;
constexpr std::size_t kLongestText = 64;  // of those that callers give

std::string shortened(const std::string& text, std::size_t longest) {
  return text.substr(0, valid_utf8_prefix(std::string_view(text).substr(0, longest)));
}

// Without its parameters if it is long: a part of one would be another type.
std::string short_content_type(const std::string& type) {
  if (type.size() <= kLongestText) return type;
  const std::string media(trimmed(std::string_view(type).substr(0, type.find(';'))));
  return media.size() <= kLongestText ? media : "";
}

// A longer list might not fit in an entry's metadata.
constexpr std::size_t kLongestLeftOut = 160;

std::uint64_t size_of(std::span<const NamedValue> values) {
  const auto add = [](std::uint64_t sum, const NamedValue& value) { return sum + value.bytes.size(); };
  return std::accumulate(values.begin(), values.end(), std::uint64_t{0}, add);
}

}  // namespace

std::optional<UnixTime> expiry(UnixTime created, const std::optional<Milliseconds>& lifetime) {
  constexpr Milliseconds kLongestTtl = std::chrono::years(1000);
  if (!lifetime || *lifetime > kLongestTtl) return std::nullopt;
  return created + *lifetime;
}

const std::string& entry_name_of(const RequestKey& key) {
  return key.stream ? key.stream_name : key.response_name;
}

void add_metadata(Metadata& metadata, const Metadata& more) {
  for (const auto member :
       {&Metadata::content_type, &Metadata::provider, &Metadata::model, &Metadata::finish_reason, &Metadata::tool}) {
    if ((metadata.*member).empty()) metadata.*member = more.*member;
  }
  for (const auto member : {&Metadata::prompt_tokens, &Metadata::completion_tokens, &Metadata::cached_tokens,
                            &Metadata::reasoning_tokens}) {
    if (!(metadata.*member)) metadata.*member = more.*member;
  }
  for (const auto member : {&Metadata::origin_first_chunk, &Metadata::origin_total}) {
    if (!(metadata.*member)) metadata.*member = more.*member;
  }
}

CacheCore::CacheCore(std::unique_ptr<Store> the_store, CacheOptions the_options, KeyDeriver deriver)
    : store(std::move(the_store)),
      options(std::move(the_options)),
      layout(make_layout(options.key.scheme, options.clock)),
      events(options.on_event, options.clock),
      counter_set(options, layout->statistics(*store)) {
  idle_derivers_.lock()->push_back(std::move(deriver));
}

Result<RequestKey> CacheCore::key(std::string_view request) {
  std::optional<KeyDeriver> deriver;
  {
    auto idle = idle_derivers_.lock();
    if (!idle->empty()) {
      deriver = std::move(idle->back());
      idle->pop_back();
    }
  }
  if (!deriver) {
    auto made = KeyDeriver::create(options.key);
    if (!made) return fail(made.error());
    deriver = std::move(*made);
  }
  auto key = deriver->derive(request);
  idle_derivers_.lock()->push_back(std::move(*deriver));
  return key;
}

// A store may still know that a value has expired which it does not show any more.
void CacheCore::note_expiry(std::string_view name, Lookup& lookup, Deadline deadline) {
  const auto expired = store->expired_at(name, deadline);
  if (!expired || !*expired) return;
  lookup.miss = MissReason::expired;
  lookup.expired = *expired;
}

// Cheapest check first: present, intact, not expired, accepted by this cache's policy, proven for this request.
Result<Lookup> CacheCore::find(std::string_view name, const RequestKey* key, Deadline deadline) {
  auto found = counted(key != nullptr ? subject_of(*key) : session(), layout->get(*store, name, deadline));
  if (!found || !*found) {
    if (found && found->miss == MissReason::absent) note_expiry(name, *found, deadline);
    return found;
  }
  const Entry& entry = *found->entry;
  if (entry.expires() && *entry.expires() <= options.clock()) {
    std::string rejected = rejected_answer(entry);
    if (rejected.empty()) return Lookup{.miss = MissReason::expired, .expired = entry.expires()};
    return Lookup{.miss = MissReason::rejected, .reason = "the answer was rejected", .rejected = std::move(rejected)};
  }
  if (key == nullptr) return found;
  if (auto reason = reason_not_to_serve(entry)) {
    return Lookup{.miss = MissReason::policy, .reason = std::move(reason->message)};
  }
  if (!layout->proves(entry, *key)) {
    return Lookup{.miss = MissReason::collision, .reason = "the entry answers another request with the same name"};
  }
  return found;
}

void CacheCore::report(std::string_view name, const Lookup& lookup) {
  const bool is_wrong = lookup.miss == MissReason::corrupt || lookup.miss == MissReason::incomplete ||
                        lookup.miss == MissReason::collision;
  if (!is_wrong) return;
  events.warn(fmt::format("entry.{}", to_string(lookup.miss)), std::string(name),
              fmt::format("{}: {}", name, lookup.reason));
}

void CacheCore::count_named(std::string_view name, const Lookup& lookup) {
  RequestKey key;
  const auto parts = EntryName::parse(name, options.key.scheme);
  if (parts && parts->owner.starts_with(options.key.prefix)) {
    key.session = parts->owner.substr(options.key.prefix.size());
  }
  if (lookup) key.endpoint = lookup.entry->metadata().value_or(Metadata{}).endpoint;
  count(key, lookup);
}

void CacheCore::count(const RequestKey& key, const Lookup& lookup) {
  if (lookup) return count_hit(key, *lookup.entry);
  counter_set.count(subject_of(key),
                    [&](Counters& counters) { ++counters.misses[static_cast<std::size_t>(lookup.miss)]; });
}

void CacheCore::count_hit(const RequestKey& key, const Entry& entry) {
  const AnswerCost cost = entry.cost();
  const auto count = [&](Counters& counters) {
    ++counters.hits;
    counters.hit_bytes += entry.payload_size();
    counters.prompt_tokens += cost.prompt_tokens;
    counters.cached_tokens += cost.cached_tokens;
    counters.completion_tokens += cost.completion_tokens;
    counters.saved_ms += static_cast<std::uint64_t>(cost.time.count());
  };
  Subject subject = subject_of(key);
  if (!subject.model.empty()) return counter_set.count(subject, count);
  // The endpoint or the name leads to the model.
  const Metadata metadata = entry.metadata().value_or(Metadata{});
  subject.model = metadata.model;
  counter_set.count(subject, count);
}

void CacheCore::report_use(std::string_view name, MissReason miss, const RequestKey* key) const {
  if (options.on_use) options.on_use({name, miss, key != nullptr ? std::string_view(key->canonical) : ""});
}

Answer CacheCore::judge(const Answer& answer, AnswerFacts facts) const {
  if (facts.content_type.empty()) facts.content_type = answer.metadata.content_type;
  Answer judged;
  if (answer.kind == EntryKind::stream && !answer.recording.bytes.empty()) {
    Verdict verdict = judge_answer(answer.recording.bytes, facts);
    judged = answer;
    judged.completeness = verdict.completeness;
    judged.reason = std::move(verdict.reason);
    judged.metadata = std::move(verdict.metadata);
  } else {
    // Judged from its bytes, whatever its fields say. A stream that was not recorded as it arrived has no times.
    const AnswerRecorder::TimePoint now{};
    AnswerRecorder recorder(facts, now);
    recorder.write(answer.body, now);
    judged = std::move(recorder).finish(now);
    judged.metadata.origin_total.reset();
    judged.metadata.origin_first_chunk.reset();
  }
  layout->judge(judged);
  if (answer.completeness > judged.completeness) {  // its recorder knew more than its bytes tell
    judged.completeness = answer.completeness;
    judged.reason = answer.reason;
  }
  add_metadata(judged.metadata, answer.metadata);
  return judged;
}

std::optional<Refused> CacheCore::reason_not_to_serve(const Entry& entry) const {
  if (!entry.was_accepted() && options.policy.refuse.empty()) return std::nullopt;
  const auto metadata = entry.metadata();
  if (!metadata) return std::nullopt;  // the reader will detect the damage
  const Completeness completeness = metadata->error        ? Completeness::error
                                    : metadata->incomplete ? Completeness::incomplete
                                                           : Completeness::complete;
  return reason_to_refuse(completeness, "the stored answer is not complete", *metadata, options.policy);
}

Refused CacheCore::refuse(const RequestKey& key, Refusal refusal, std::string message) {
  counter_set.count(subject_of(key),
                    [&](Counters& counters) { ++counters.refused[static_cast<std::size_t>(refusal)]; });
  return {refusal, std::move(message)};
}

Result<CacheCore::Put> CacheCore::put(const RequestKey& key, const Answer& answer,
                                      const StoreAnswerOptions& put_options, Deadline deadline) {
  auto checked = check_secrets(key.endpoint, key.canonical, answer, options.policy.on_secret);
  if (!checked.refusal.empty()) {
    return Put{.written = false, .refused = refuse(key, Refusal::secret, std::move(checked.refusal))};
  }
  if (checked.redacted) return store_answer(key, *checked.redacted, put_options, false, deadline);
  return store_answer(key, answer, put_options, options.keep_request, deadline);
}

Result<CacheCore::Put> CacheCore::store_answer(const RequestKey& key, const Answer& answer,
                                               const StoreAnswerOptions& put_options, bool keep_request,
                                               Deadline deadline) {
  if (auto reason = reason_to_refuse(answer.completeness, answer.reason, answer.metadata, options.policy)) {
    return Put{.written = false, .refused = refuse(key, reason->refusal, std::move(reason->message))};
  }
  if (!layout->finds(key, answer.kind)) {
    const std::string_view why = key.stream ? "the request asks for a stream, which this answer is not"
                                            : "the request does not ask for a stream, which this answer is";
    return Put{.written = false, .refused = refuse(key, Refusal::unservable, std::string(why))};
  }
  const auto lifetime = layout->lifetime(put_options.ttl.value_or(options.ttl));
  if (lifetime && *lifetime <= Milliseconds(0)) {
    const char* const why = *lifetime < Milliseconds(0) ? "the TTL is negative" : "the TTL is 0";
    return Put{.written = false, .refused = refuse(key, Refusal::not_wanted, why)};
  }
  const std::vector<Chunk> chunks = answer.recording.chunks();
  EntryDraft draft;
  draft.kind = answer.kind;
  draft.created = options.clock();
  draft.expires = expiry(draft.created, lifetime);
  draft.request_digest = key.proof();
  draft.metadata = answer.metadata;
  draft.metadata.incomplete = answer.completeness == Completeness::incomplete;
  draft.metadata.error = answer.completeness == Completeness::error;
  draft.metadata.endpoint = shortened(key.endpoint, kLongestEndpoint);
  if (key.left_out.size() <= kLongestLeftOut) draft.metadata.left_out = key.left_out;
  if (draft.metadata.tool.empty()) draft.metadata.tool = options.tool;
  if (draft.metadata.provider.empty()) draft.metadata.provider = key.provider;
  draft.metadata.content_type = short_content_type(draft.metadata.content_type);
  for (std::string* text : {&draft.metadata.provider, &draft.metadata.tool}) *text = shortened(*text, kLongestText);
  if (keep_request) draft.request = key.canonical;
  draft.body = answer.body;
  draft.chunks = chunks;
  const auto values = layout->encode(entry_name_of(key), draft);
  if (!values && values.error().code == ErrorCode::policy) {
    return Put{.written = false, .refused = refuse(key, Refusal::unservable, values.error().message)};
  }
  if (!values) return fail(values.error());
  const auto size = size_of(*values);
  if (size > options.max_entry) {
    return Put{
        .written = false,
        .refused = refuse(key, Refusal::too_large,
                          fmt::format("the entry takes {} bytes, more than max_entry ({})", size, options.max_entry))};
  }
  PutOptions how{draft.expires, put_options.only_new};
  auto written = counted(subject_of(key), layout->write(*store, *values, how, deadline));
  // What the store has is perhaps only a rejection, which an answer that is put ends.
  if (written && !*written && layout->is_rejected(*store, values->front().name, deadline).value_or(false)) {
    how.only_new = false;
    written = counted(subject_of(key), layout->write(*store, *values, how, deadline));
  }
  if (!written) return fail(written.error());
  if (*written) {
    counter_set.count(subject_of(key), [&](Counters& counters) {
      ++counters.stored;
      counters.stored_bytes += size;
    });
  }
  return Put{.written = *written, .refused = {}};
}

}  // namespace libcache::internal
