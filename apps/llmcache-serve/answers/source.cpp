#include "answers/source.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <thread>
#include <utility>

#include "answers/follower.h"
#include "answers/leader.h"
#include "answers/on_workers.h"
#include "answers/request_key.h"
#include "config/stores.h"
#include "event_loop.h"

namespace llmcache::serve {

namespace asio = boost::asio;
namespace lc = libcache;

namespace {

constexpr std::size_t kFollowers = 32;
constexpr std::size_t kMostMissed = 10'000;

constexpr const char* kTooSlow = "the store did not answer in time";

// For stores in files, more threads than cores do not help. Threads that wait for a server only sleep.
std::size_t count_workers(const Settings& settings) {
  constexpr std::size_t kMost = 8;
  if (std::ranges::any_of(store_urls(settings), is_server)) return kMost;
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 2, kMost);
}

template <class What>
Answered answered(const std::string& key, What what) {
  Answered result;
  result.key = key;
  result.what = std::move(what);
  return result;
}

Answered bypassed(std::string why) {
  return answered("", Bypass{why, why});
}

Answered without_key(const lc::Error& error) {
  return answered("", Bypass{error.message, "the request has no key"});
}

bool is_same_request(const lc::RequestKey& left, const lc::RequestKey& right) {
  return left.response_name == right.response_name && left.stream == right.stream &&
         left.canonical == right.canonical && left.session == right.session && left.endpoint == right.endpoint &&
         left.left_out == right.left_out;
}

// The name that the request's own entry has.
const std::string& entry_name(const lc::RequestKey& key) {
  return key.stream ? key.stream_name : key.response_name;
}

}  // namespace

// The result of looking a request up.
struct Answers::Found {
  lc::Result<lc::RequestKey> key;
  lc::Result<lc::Lookup> lookup = lc::Lookup{};  // without its entry, which is in `hit`
  std::shared_ptr<const Hit> hit = {};
};

// An answer that is being looked up or received, shared by all requests for it.
struct Answers::Shared {
  Shared(asio::io_context& loop, lc::RequestKey request_key)
      : key(std::move(request_key)),
        transfer(std::make_shared<Transfer>(loop.get_executor(), true)),
        looked_up(loop, Timer::time_point::max()) {}

  lc::RequestKey key;
  std::shared_ptr<Transfer> transfer;
  std::shared_ptr<lc::Metadata> metadata = std::make_shared<lc::Metadata>();
  std::shared_ptr<const Hit> hit;
  std::string unavailable;  // why there is neither: the store failed or took too long
  bool is_looked_up = false;
  Timer looked_up;  // never expires; cancelled to wake those who wait
};

Answers::Answers(asio::io_context& loop, const ServeOptions& options, Context& context, Metrics& metrics)
    : loop_(loop),
      options_(options),
      context_(context),
      metrics_(metrics),
      cache_(context.cache()),
      store_health_(context.report(), metrics),
      workers_(count_workers(context.settings())),
      recorders_(count_workers(context.settings())),
      followers_(kFollowers),
      deadlines_(loop),
      recordings_(std::make_shared<RecordingQueue>(loop, recorders_)),
      upstream_(loop, options.upstream) {}

Answers::~Answers() {
  close();
}

Awaitable<void> Answers::keep_statistics() {
  constexpr std::chrono::seconds kInterval{3};  // less than the time after which a lookup would write them
  Timer timer(loop_);
  for (;;) {
    timer.expires_after(kInterval);
    co_await timer.async_wait(use_awaitable);
    co_await on_workers(workers_, [&] { return cache_.write_statistics(store_deadline()), true; });
  }
}

void Answers::cancel() {
  workers_.stop();
  recorders_.stop();
  followers_.stop();
}

void Answers::close() {
  workers_.join();
  recorders_.join();
  followers_.join();
}

void Answers::note_missed(Missed missed) {
  if (!options_.junit.empty() && missed_.size() < kMostMissed) missed_.push_back(std::move(missed));
}

lc::Status Answers::check_options(const Question& question) const {
  const RequestOptions& options = question.options;
  const bool has_any = options.session || options.sample || !options.ignore.empty();
  return has_any ? check_key_options(context_, question) : lc::Status();
}

lc::Deadline Answers::store_deadline() const {
  return lc::Deadline::after(context_.settings().deadline);
}

// How much longer the store may take for this request.
lc::Milliseconds Answers::store_budget_left(const Question& question) const {
  const auto taken = std::chrono::floor<lc::Milliseconds>(Clock::now() - question.asked);
  return std::max(context_.settings().deadline - taken, lc::Milliseconds(0));
}

// Derives the key and looks it up: all that a hit needs, in one task for the workers.
Answers::Found Answers::find(const Question& question, Clock::time_point until) const {
  Found found{derive_key(context_, question)};
  if (!found.key) return found;
  if (asks_upstream(question) && !may_look_up(question)) return found;
  const auto left = std::chrono::ceil<lc::Milliseconds>(until - Clock::now());
  const auto kind = found.key->stream ? lc::EntryKind::stream : lc::EntryKind::response;
  const auto deadline = lc::Deadline::after(std::max(left, lc::Milliseconds(0)));
  found.lookup = asks_upstream(question) ? cache_.get_before_begin(*found.key, kind, deadline)
                                         : cache_.get(*found.key, kind, deadline);
  if (found.lookup && found.lookup->entry) {
    found.hit = make_hit(std::make_shared<const lc::Entry>(*std::exchange(found.lookup->entry, std::nullopt)));
  }
  return found;
}

Awaitable<Answered> Answers::ask(std::shared_ptr<const Question> asked) {
  const Question& question = *asked;
  const auto until = question.asked + context_.settings().deadline;
  // Named: g++ 12 destroys the captures of a lambda twice that is written within a co_await.
  auto work = [this, asked, until] { return find(*asked, until); };
  auto answer = co_await within(loop_, deadlines_, until, workers_, std::move(work));
  if (!answer) {
    store_health_.note_lookup(lc::Error{lc::ErrorCode::timeout, kTooSlow});
    co_return bypassed(kTooSlow);
  }
  Found found = *std::move(answer);
  if (!found.key) co_return without_key(found.key.error());
  if (found.hit) {
    store_health_.note_lookup(std::nullopt);
    if (accepts_stored(question) && is_fresh(*found.hit, question.options.cache_control)) {
      co_return answered(entry_name(*found.key), std::move(found.hit));
    }
    found.lookup = lc::Lookup{};
    if (asks_upstream(question)) {
      co_return co_await fill(question, *std::move(found.key), Asks::by_request);
    }
  }
  if (!asks_upstream(question)) co_return co_await answer_missing(question, std::move(found));
  co_return co_await fill(question, *std::move(found.key), may_look_up(question) ? Asks::if_missing : Asks::by_request);
}

Awaitable<Answered> Answers::ask_alone(const Question& question) {
  auto key = co_await on_workers(workers_, [&] { return derive_key(context_, question); });
  if (!key) co_return without_key(key.error());
  co_return co_await fill(question, *std::move(key), may_look_up(question) ? Asks::alone : Asks::by_request);
}

// Answers a miss of a request that does not allow asking the upstream.
Awaitable<Answered> Answers::answer_missing(const Question& question, Found found) {
  store_health_.note_lookup(found.lookup ? std::nullopt : std::optional(found.lookup.error()));
  metrics_.count_miss(found.lookup ? std::string(to_string(found.lookup->miss)) : "store_error");
  std::string nearest = co_await explain(question, *found.key);
  const std::string name = entry_name(*found.key);
  if (question.mode == Mode::replay) note_missed({name, found.key->endpoint, nearest});
  co_return answered(name, NotCached{std::move(nearest), !found.lookup});
}

Awaitable<Answered> Answers::fill(const Question& question, lc::RequestKey key, Asks asks) {
  const bool overwrite = asks != Asks::if_missing;
  const std::string name = entry_name(key);
  if (!overwrite) {
    if (auto same = find_shared(name, key)) co_return co_await join(question, std::move(same));
  }
  const auto shared = std::make_shared<Shared>(loop_, std::move(key));
  if (!overwrite) shared_.emplace(name, shared);
  std::unique_ptr<lc::Fill> filling = co_await begin_fill(question, shared, overwrite);
  shared->is_looked_up = true;
  shared->looked_up.cancel();
  if (!filling) forget(shared);
  if (shared->hit) {
    if (is_fresh(*shared->hit, question.options.cache_control)) co_return answered(name, shared->hit);
    co_return co_await fill(question, shared->key, Asks::by_request);
  }
  if (!filling) co_return bypassed(shared->unavailable);
  Miss miss;
  miss.transfer = shared->transfer;
  miss.metadata = shared->metadata;
  miss.by_request = asks == Asks::by_request;
  miss.detail = reason_not_to_store(question.options);
  if (miss.detail.empty()) miss.detail = store_health_.storing_problem();
  miss.reason = filling->store_error() ? "store_error" : std::string(to_string(filling->lookup().miss));
  metrics_.count_miss(miss.reason);
  if (filling->role() == lc::Fill::Role::lead) {
    // Now, because later the answer to this request itself would be the nearest.
    if (options_.why && !overwrite) co_await explain(question, shared->key);
    lead(question, std::move(filling), shared);
  } else {
    miss.followed = true;
    asio::co_spawn(loop_, follow(question, std::move(filling), shared), asio::detached);
  }
  co_return answered(name, std::move(miss));
}

// Looks a request up in the store and, if it has no answer, begins to get one. Nothing if there was a hit, or if the store
// failed or took too long: `shared` has it.
Awaitable<std::unique_ptr<lc::Fill>> Answers::begin_fill(const Question& question,
                                                         const std::shared_ptr<Shared>& shared, bool overwrite) {
  const auto until = Clock::now() + store_budget_left(question);
  lc::FillOptions options;
  options.overwrite = overwrite;
  options.share_with_threads = false;  // a Transfer does it
  options.live_needs_content_type = true;
  options.ttl = question.options.ttl;
  options.store_budget = store_budget_left(question);
  options.refuse = [metadata = shared->metadata,
                    detail = reason_not_to_store(question.options)](const lc::Answer& answer) {
    *metadata = answer.metadata;
    return detail;
  };
  // Named, as in ask().
  auto begin = [this, shared, options = std::move(options)] {
    return cache_.begin(shared->key, options, lc::Deadline::never());
  };
  auto begun = co_await within(loop_, deadlines_, until, workers_, std::move(begin));
  if (!begun) {
    shared->unavailable = kTooSlow;
    store_health_.note_lookup(lc::Error{lc::ErrorCode::timeout, kTooSlow});
    co_return nullptr;
  }
  if (!*begun) {
    shared->unavailable = begun->error().message;
    co_return nullptr;
  }
  auto filling = std::make_unique<lc::Fill>(**std::move(begun));
  if (!overwrite) store_health_.note_lookup(filling->store_error());
  if (filling->role() != lc::Fill::Role::hit) co_return filling;
  const std::shared_ptr<lc::Fill> owner(filling.release());
  auto decode = [entry = std::shared_ptr<const lc::Entry>(owner, &*owner->lookup().entry)] { return make_hit(entry); };
  shared->hit = co_await on_workers(workers_, std::move(decode));
  co_return nullptr;
}

// What is nearest to a request that missed; with --why it is printed on stderr too.
Awaitable<std::string> Answers::explain(const Question& question, const lc::RequestKey& key) {
  std::string nearest =
      co_await on_workers(workers_, [&] { return nearest_request(context_, question, key, store_deadline()); });
  if (options_.why) context_.report().say(fmt::format("miss {}: {}", entry_name(key), nearest));
  co_return nearest;
}

// Takes the answer that another request is looking up or getting.
Awaitable<Answered> Answers::join(const Question& question, std::shared_ptr<Shared> shared) {
  boost::system::error_code woken;
  while (!shared->is_looked_up) {
    co_await shared->looked_up.async_wait(asio::redirect_error(use_awaitable, woken));
  }
  const std::string name = entry_name(shared->key);
  if (!shared->unavailable.empty()) co_return bypassed(shared->unavailable);
  if (shared->hit) {
    if (!is_fresh(*shared->hit, question.options.cache_control))
      co_return co_await fill(question, shared->key, Asks::by_request);
    cache_.count_shared(shared->key, shared->hit->entry.get());
    co_return answered(name, shared->hit);
  }
  cache_.count_shared(shared->key, nullptr);
  Miss miss;
  miss.transfer = shared->transfer;
  miss.metadata = shared->metadata;
  miss.followed = miss.joined = true;
  co_return answered(name, std::move(miss));
}

void Answers::lead(const Question& question, std::unique_ptr<lc::Fill> fill, const std::shared_ptr<Shared>& shared) {
  Leader::Options options;
  options.store_budget = store_budget_left(question);
  // Limited, because clients could start any number of such calls and leave.
  options.finishes_abandoned = [this] {
    return options_.finish_abandoned && upstream_.calls() <= options_.max_connections;
  };
  options.on_head = [this, shared](bool is_shared) {
    if (is_shared) return;
    forget(shared);
    shared->transfer->withdraw_from_followers();
  };
  options.on_end = [this, shared](const LeaderEnd& end) {
    forget(shared);
    count_failure(end);
    if (!end.filled) return;
    const lc::Filled& filled = *end.filled;
    if (filled.storing == lc::Filled::Storing::stored) {
      metrics_.count_stored();
      store_health_.note_storing(std::nullopt);
    }
    if (filled.storing == lc::Filled::Storing::refused) {
      metrics_.count_refused(filled.refusal ? std::string(to_string(*filled.refusal)) : "request");
      const std::string message = fmt::format("not stored: {}", filled.reason);
      // With a COMMAND the server records for it, as `run` does.
      options_.command.empty() ? context_.report().note(message) : context_.report().warn(message);
    }
    if (filled.storing == lc::Filled::Storing::failed) store_health_.note_storing(filled.store_error);
  };
  std::make_shared<Leader>(loop_, recordings_, shared->transfer, std::move(fill), std::move(options))
      ->start(upstream_, question.upstream);
}

void Answers::count_failure(const LeaderEnd& end) {
  constexpr int kTooManyRequests = 429;
  if (end.upstream_failure) {
    metrics_.count_upstream_error(std::string(to_string(*end.upstream_failure)));
  } else if (end.status >= 500 || end.status == kTooManyRequests) {
    metrics_.count_upstream_error(fmt::format("status_{}", end.status));
  }
}

// Takes an answer from the process that leads it, or becomes the leader.
Awaitable<void> Answers::follow(Question question, std::unique_ptr<lc::Fill> fill, std::shared_ptr<Shared> shared) {
  fill = co_await follow_leader(followers_, std::move(fill), shared->transfer);
  if (fill) co_return lead(question, std::move(fill), shared);
  forget(shared);
}

std::shared_ptr<Transfer> Answers::pass_through(UpstreamRequest request) {
  auto transfer = std::make_shared<Transfer>(loop_.get_executor(), false);
  Leader::Options options;
  options.on_end = [this](const LeaderEnd& end) { count_failure(end); };
  std::make_shared<Leader>(loop_, recordings_, transfer, nullptr, std::move(options))
      ->start(upstream_, std::move(request));
  return transfer;
}

Awaitable<StoreState> Answers::check_store() {
  const auto status = co_await on_workers(workers_, [&] { return cache_.store().ping(store_deadline()); });
  StoreState state;
  if (!status) state.unavailable = status.error().message;
  state.not_storing = store_health_.storing_problem();
  co_return state;
}

// Null: nobody is getting the answer.
std::shared_ptr<Answers::Shared> Answers::find_shared(const std::string& name, const lc::RequestKey& key) const {
  const auto [begin, end] = shared_.equal_range(name);
  const auto same = std::find_if(begin, end, [&](const auto& shared) {
    return shared.second->transfer->is_whole() && is_same_request(shared.second->key, key);
  });
  return same == end ? nullptr : same->second;
}

void Answers::forget(const std::shared_ptr<Shared>& shared) {
  const auto [begin, end] = shared_.equal_range(entry_name(shared->key));
  const auto known = std::find_if(begin, end, [&](const auto& other) { return other.second == shared; });
  if (known != end) shared_.erase(known);
}

}  // namespace llmcache::serve
