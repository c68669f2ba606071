#include "run/batch.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "cli/request_argument.h"
#include "run/in_order.h"
#include "run/line_input.h"
#include "run/line_result.h"
#include "ui/progress.h"

namespace llmcache {

namespace {

namespace lc = libcache;

// How many lines may be in memory for each job: a slow one delays the others only once so many wait for it.
constexpr std::uint64_t kLinesPerJob = 16;

// How long to wait before a COMMAND that failed is run again: twice as long each time.
lc::Milliseconds back_off(std::uint64_t failures) {
  constexpr lc::Milliseconds kFirst{250};
  constexpr std::uint64_t kMostDoublings = 5;
  return kFirst * (1 << std::min(failures, kMostDoublings));
}

// False if `stop` was set first.
bool pause(lc::Milliseconds time, const PollableFlag& stop) {
  pollfd stopped{stop.descriptor(), POLLIN, 0};
  ::poll(&stopped, 1, static_cast<int>(time.count()));
  return !stop.is_set();
}

class Batch {
 public:
  Batch(Context& context, AskOptions ask, const BatchOptions& options)
      : context_(context),
        options_(options),
        input_(options.path),
        asker_(context, std::move(ask)),
        unmatched_(context.key_options().ignore),
        results_(kLinesPerJob * options.jobs, [this](const LineResult& result) { deliver(result); }) {}

  Exit run() {
    const auto form = form_for(context_);
    progress_.emplace(form, form == Progress::Form::none ? std::nullopt : input_.count());
    start_threads();
    const int signal = wait_for_threads();
    for (std::thread& thread : threads_) thread.join();
    if (signal == 0 && failure_) std::rethrow_exception(failure_);
    finish();
    if (signal != 0) return static_cast<Exit>(128 + signal);
    return count_of("failed") + count_of("invalid") == 0 ? Exit::success : Exit::no;
  }

 private:
  // Lines that appear on the terminal are progress enough.
  static Progress::Form form_for(Context& context) {
    const auto form = Progress::form_for(context.settings());
    return form == Progress::Form::bar && context.out().is_terminal() ? Progress::Form::none : form;
  }

  void start_threads() {
    running_ = options_.jobs;
    for (std::size_t i = 0; i < options_.jobs; ++i) {
      try {
        threads_.emplace_back([this] { work(); });
      } catch (const std::system_error& error) {  // fewer are enough
        const std::size_t missing = options_.jobs - i;
        if (running_.fetch_sub(missing) == missing) done_.set();
        if (threads_.empty()) throw Failure(Exit::run_failed, error.what());
        return;
      }
    }
  }

  // Until the threads have ended. Passes the first signal on and returns it; a second one ends the program.
  int wait_for_threads() {
    int first = 0;
    while (!done_.is_set()) {
      pollfd ready[] = {{done_.descriptor(), POLLIN, 0}, {first == 0 ? signals_.descriptor() : -1, POLLIN, 0}};
      if (::poll(ready, 2, -1) < 0 || ready[1].revents == 0) continue;
      const auto signal = signals_.next();
      if (!signal) continue;
      first = signal->number;
      group_.pass_on(*signal);
      stop_.set();
      signals_.release();
    }
    return first;
  }

  // What each thread does.
  void work() {
    try {
      while (const auto line = next_line()) {
        LineResult result = answer(line->first, line->second);
        const bool is_interrupted = result.has_failed() && group_.signalled().is_set();
        results_.finish(line->first, is_interrupted ? std::nullopt : std::optional(std::move(result)));
      }
    } catch (...) {
      const std::scoped_lock lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
      stop_.set();
    }
    if (running_.fetch_sub(1) == 1) done_.set();
  }

  std::optional<std::pair<std::uint64_t, std::string>> next_line() {
    const std::scoped_lock lock(input_mutex_);
    results_.wait_for_room(taken_ + 1);
    auto line = input_.next(stop_);
    if (!line) return std::nullopt;
    return std::pair(++taken_, *std::move(line));
  }

  LineResult answer(std::uint64_t number, const std::string& request) {
    for (std::uint64_t failures = 0;; ++failures) {
      LineResult result = answer_once(number, request);
      const bool may_be_better = result.has_failed() && result.asked.has_run && failures < options_.retries;
      if (!may_be_better || !pause(back_off(failures), stop_)) return result;
    }
  }

  LineResult answer_once(std::uint64_t number, const std::string& request) {
    LineResult result{.number = number};
    Report report = context_.report();
    report.about = fmt::format("line {}", number);
    report.quiet = !report.verbose;  // the result says why
    try {
      result.asked = asker_.ask({.request = request,
                                 .deadline = lc::Deadline::after(context_.settings().deadline),
                                 .receive = [&](std::string_view bytes) -> lc::Status {
                                   result.answer += bytes;
                                   return {};
                                 },
                                 .report = report,
                                 .on_key = [&](const lc::RequestKey& key) { note_key(key, result); },
                                 .group = &group_});
    } catch (const Failure& failure) {
      result.asked.outcome = Asked::Outcome::failed;
      result.asked.exit = static_cast<int>(failure.exit());
      result.asked.reason = failure.what();
    }
    if (!result.asked.reason.empty()) report.note(fmt::format("{}: {}", outcome_of(result), result.asked.reason));
    return result;
  }

  void note_key(const lc::RequestKey& key, LineResult& result) {
    result.key = key.response_name;
    if (context_.key_options().ignore.empty()) return;
    const std::scoped_lock lock(mutex_);
    std::erase_if(unmatched_, [&](const auto& pointer) { return std::ranges::count(key.unmatched, pointer) == 0; });
  }

  void deliver(const LineResult& result) {
    ++counts_[outcome_of(result)];
    context_.out().line(to_json_line(result));
    context_.out().flush();
    progress_->show(++delivered_);
  }

  void finish() {
    progress_->finish(delivered_);
    progress_.reset();  // the bar must not stay before the messages
    if (delivered_ > 0) warn_of_unmatched(context_, unmatched_);
    const bool all_is_well = delivered_ == count_of("hit") + count_of("stored") + count_of("followed");
    if (context_.settings().json || (all_is_well && !is_terminal(STDERR_FILENO))) return;
    context_.report().say(summary());
  }

  std::uint64_t count_of(std::string_view outcome) const {
    const auto count = counts_.find(outcome);
    return count == counts_.end() ? 0 : count->second;
  }

  // "12 lines: 3 hit, 8 stored, 1 failed"
  std::string summary() const {
    std::string text = fmt::format("{} {}", delivered_, delivered_ == 1 ? "line" : "lines");
    const char* separator = ": ";
    for (const char* outcome : {"hit", "stored", "followed", "refused", "failed", "invalid"}) {
      if (count_of(outcome) == 0) continue;
      text += fmt::format("{}{} {}", std::exchange(separator, ", "), count_of(outcome), outcome);
    }
    return text;
  }

  Context& context_;
  const BatchOptions& options_;
  std::mutex input_mutex_;  // guards the input and its number of lines so far
  LineInput input_;
  std::uint64_t taken_ = 0;
  Asker asker_;
  Signals signals_;
  ChildGroup group_{signals_};
  PollableFlag stop_;  // no further line is begun
  PollableFlag done_;  // all threads have ended
  std::atomic<std::size_t> running_ = 0;
  std::vector<std::thread> threads_;
  std::mutex mutex_;  // guards the next two
  std::vector<std::string> unmatched_;
  std::exception_ptr failure_;
  // Changed by deliver() only.
  std::optional<Progress> progress_;
  std::map<std::string_view, std::uint64_t> counts_;
  std::uint64_t delivered_ = 0;
  InOrder<LineResult> results_;
};

}  // namespace

Exit run_batch(Context& context, AskOptions ask, const BatchOptions& options) {
  ask.is_batch = true;
  ask.live = false;  // printed only once it is complete
  return Batch(context, std::move(ask), options).run();
}

}  // namespace llmcache
