#include "cache/get_or_fill.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace libcache::internal {

namespace {

using Steady = std::chrono::steady_clock;

// Shown to followers as it arrives; what is longer they read from the store.
constexpr std::size_t kMostLive = 64 << 20;
// What it may cost a leader to show its stream to followers, besides half of the time that the stream takes anyway. A
// store that needs more is no help to them and would hold up the leader.
constexpr Milliseconds kAppendBudget{500};
// Whatever takes longer can wait until the answer is there.
constexpr Milliseconds kPrepareBudget{10};

// The leads that a caller has: among this process' threads, and in the store.
class Leads {
 public:
  std::unique_ptr<Lease> local;
  std::unique_ptr<Lease> shared;

  void append(std::string_view bytes) {
    if (local) (void)local->append(bytes, Deadline::never());
    if (!shared || !live_) return;
    const auto begun = Steady::now();
    if (appending_ == Steady::duration::zero()) first_ = begun;
    const bool appended = shared->append(bytes, Deadline::after(kAppendBudget)).has_value();
    const auto ended = Steady::now();
    appending_ += ended - begun;
    live_ = appended && appending_ <= kAppendBudget + (ended - first_) / 2;
  }
  void land(std::size_t size, Deadline deadline) {
    if (shared) (void)shared->end(FlightState::stored, size, deadline);
    if (local) (void)local->end(FlightState::stored, size, deadline);
  }
  void give_up() {
    shared.reset();
    local.reset();
  }

 private:
  bool live_ = true;  // the store has taken every piece so far, and fast enough
  Steady::time_point first_;
  Steady::duration appending_{0};  // the time spent
};

class Fill final : Filling {
 public:
  explicit Fill(const FillCall& call)
      : call_(call), options_(call.options), kind_(call.key.stream ? EntryKind::stream : EntryKind::response) {}

  Result<Filled> run() {
    if (options_.overwrite) return produce();
    for (bool looked_up = options_.looked_up;; looked_up = false) {
      if (!looked_up) {
        const auto found = look_up();
        if (!found) return produce_without_store(found.error());
        if (*found) return hand_out(*found->entry);
        if (!handed_out_.empty()) return broken_off("its leader did not finish it");
      }
      auto flight = join();
      if (!flight) return produce_alone(flight.error());
      if (flight->tail) {
        tell(Event::Severity::info, "flight.followed", "following another caller of the same request");
        auto done = follow(*flight->tail);
        if (!done) return tl::make_unexpected(done.error());
        if (*done) return std::move(**done);
        continue;
      }
      leads_.shared = std::move(flight->lease);
      if (flight->value_present) {
        const auto found = look_up();
        if (found && *found) {
          leads_.give_up();
          return hand_out(*found->entry);
        }
      }
      return produce();
    }
  }

 private:
  // The store's part of the work, within what it may still take.
  template <class Work>
  auto timed(const Work& work) {
    const auto begun = Steady::now();
    auto result = work(call_.deadline.capped(store_budget_));
    store_budget_ -= std::min(store_budget_, std::chrono::ceil<Milliseconds>(Steady::now() - begun));
    return result;
  }

  Result<Lookup> look_up() {
    return timed([&](Deadline deadline) { return call_.cache.get(call_.key, kind_, deadline); });
  }

  const std::string& name() const { return call_.key.stream ? call_.key.stream_name : call_.key.response_name; }

  // Threads among themselves first, so that only one of them asks the store.
  Result<Flight> join() {
    if (!leads_.local) {
      auto local = call_.local_flights.join(name(), call_.deadline);
      if (!local || local->tail) return local;
      leads_.local = std::move(local->lease);
    }
    // A gateway would take what we keep beside its entries for entries of its own.
    const bool shared_with_gateway = call_.cache.options().key.scheme == KeyScheme::bifrost;
    auto* flights = shared_with_gateway ? nullptr : call_.cache.store().flights();
    if (flights == nullptr) return Flight{.lease = nullptr, .tail = nullptr, .value_present = true};
    return timed([&](Deadline deadline) { return flights->join(name(), deadline); });
  }

  // Nothing: the flight is over and the store is to be looked at again.
  Result<std::optional<Filled>> follow(LiveTail& tail) {
    for (;;) {
      const auto until = options_.wait ? call_.deadline.capped(wait_left()) : call_.deadline;
      auto news = tail.read(until);
      if (!news) return handed_out_.empty() ? produce_alone(news.error()) : broken_off(news.error().message);
      if (options_.live && !news->bytes.empty()) {
        waiting_since_ = Steady::now();
        if (const Status taken = pass_on(news->bytes); !taken) return tl::make_unexpected(taken.error());
      }
      const bool landed = news->state == FlightState::stored;
      if (landed && !handed_out_.empty() && handed_out_.size() == news->size) {
        leads_.land(news->size, call_.deadline);
        return Filled{.source = Filled::Source::leader};
      }
      if (news->state != FlightState::flying) return std::nullopt;
      if (call_.deadline.expired()) return fail(ErrorCode::timeout, "the answer did not come in time");
      if (options_.wait && wait_left() == Milliseconds(0)) return waited_out();
    }
  }

  Milliseconds wait_left() const {
    const auto waited = std::chrono::floor<Milliseconds>(Steady::now() - waiting_since_);
    return std::max(Milliseconds(0), *options_.wait - waited);
  }

  Result<Filled> waited_out() {
    leads_.give_up();
    if (!handed_out_.empty()) return broken_off("nothing more has come for too long");
    return produce_without_store({ErrorCode::timeout, "another process has been asking for too long"});
  }

  static tl::unexpected<Error> broken_off(const std::string& why) {
    return fail(ErrorCode::corrupt, "a part of an answer was handed out, and the rest is not to be had: " + why);
  }

  // Bytes of another's answer.
  Status pass_on(std::string_view bytes) {
    if (auto taken = call_.receive(bytes); !taken) return taken;
    handed_out_ += bytes;
    if (leads_.local) (void)leads_.local->append(bytes, Deadline::never());
    return {};
  }

  // What is stored, behind what has been handed out of the very same answer.
  Result<Filled> hand_out(const Entry& entry) {
    std::size_t at = 0;
    const auto take = [&](const Chunk& chunk) -> Status {
      const auto known = std::min(chunk.bytes.size(), handed_out_.size() - at);
      if (chunk.bytes.substr(0, known) != std::string_view(handed_out_).substr(at, known)) {
        return broken_off("another answer was stored meanwhile");
      }
      at += known;
      return known == chunk.bytes.size() ? Status() : call_.receive(chunk.bytes.substr(known));
    };
    if (auto read = entry.read(take); !read) return tl::make_unexpected(read.error());
    if (at < handed_out_.size()) return broken_off("another answer was stored meanwhile");
    leads_.give_up();  // whoever follows finds it in the store
    return Filled{.source = handed_out_.empty() ? Filled::Source::store : Filled::Source::leader};
  }

  // The store cannot tell who else is asking.
  Result<Filled> produce_alone(const Error& error) {
    if (call_.deadline.expired()) return tl::make_unexpected(error);
    if (error.code != ErrorCode::not_supported) warn("flight.unavailable", error.message);
    return produce();
  }

  // Nothing can be looked up, or is to be stored.
  Result<Filled> produce_without_store(const Error& error) {
    if (call_.deadline.expired()) return tl::make_unexpected(error);
    warn("fill.uncached", error.message + "; going on without the cache");
    given_up_ = true;
    return produce();
  }

  Result<Filled> produce() {
    recorder_.emplace();
    if (const Status produced = call_.produce(*this); !produced) return tl::make_unexpected(produced.error());
    const auto size = recorder_->size();
    const Answer answer = std::move(*recorder_).finish();
    Filled filled{.source = Filled::Source::producer};
    if (options_.refuse) filled.refused = options_.refuse(answer);
    if (given_up_) filled.refused = "it was given up";
    if (!filled.refused.empty()) return filled;
    const auto put = timed([&](Deadline deadline) { return call_.cache.put(call_.key, answer, {}, deadline); });
    if (put) {
      timed([&](Deadline deadline) { return leads_.land(size, deadline), 0; });
    } else if (put.error().code == ErrorCode::policy) {
      filled.refused = put.error().message;
    } else {
      filled.stored = tl::make_unexpected(put.error());
    }
    return filled;
  }

  Status write(std::string_view bytes) override {
    if (call_.deadline.expired()) return fail(ErrorCode::timeout, "the answer did not come in time");
    if (auto taken = call_.receive(bytes); !taken) return taken;
    recorder_->write(bytes);
    if (kind_ == EntryKind::stream && recorder_->size() <= kMostLive) leads_.append(bytes);
    return {};
  }

  void prepare() override {
    call_.cache.store().prepare_put(call_.deadline.capped(kPrepareBudget));
    // For nothing but to have been done once: the first time costs several times as much.
    (void)encode({.kind = kind_, .request = call_.key.canonical});
  }

  void give_up() override {
    given_up_ = true;
    leads_.give_up();
  }

  void warn(std::string event, std::string message) const {
    tell(Event::Severity::warning, std::move(event), std::move(message));
  }

  void tell(Event::Severity severity, std::string event, std::string message) const {
    const auto& on_event = call_.cache.options().on_event;
    if (on_event) on_event({severity, std::move(event), std::move(message)});
  }

  const FillCall& call_;
  const FillOptions& options_;
  const EntryKind kind_;
  Milliseconds store_budget_ = options_.store_budget;
  Steady::time_point waiting_since_ = Steady::now();
  Leads leads_;
  std::string handed_out_;  // of another's answer
  std::optional<AnswerRecorder> recorder_;
  bool given_up_ = false;
};

}  // namespace

Result<Filled> get_or_fill(const FillCall& call) {
  return Fill(call).run();
}

}  // namespace libcache::internal
