#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <optional>

#include "cli/request_argument.h"
#include "commands/all.h"
#include "config/password.h"
#include "config/values.h"
#include "process/child.h"

namespace llmcache {

namespace {

namespace lc = libcache;
using Steady = std::chrono::steady_clock;

enum class Mode { auto_, record, replay, refresh, off };

constexpr Choice<Mode> kModes[] = {{"auto", Mode::auto_},
                                   {"record", Mode::record},
                                   {"replay", Mode::replay},
                                   {"refresh", Mode::refresh},
                                   {"off", Mode::off}};

class Run : public Command {
 public:
  CommandHelp help() const override {
    return {"[--mode MODE] [--request FILE] -- COMMAND...",
            R"(Answers a request from the cache, or runs COMMAND and stores its answer.
Reads the request from stdin. On a hit, prints the stored answer and does not
start COMMAND. On a miss, starts COMMAND with the request on its stdin, passes
its output through as it arrives, and stores it if COMMAND succeeds and the
answer is complete. Everything after -- reaches COMMAND unchanged.)",
            "store session ttl endpoint ignore sample strict deadline verbose",
            R"(  llmcache run -- curl -sSN https://api.example.com/v1/chat/completions -d @- < request.json
  llmcache run --mode replay --store sqlite:fixtures.db < request.json)"};
  }

  void declare(Options& options) override {
    options.value("--mode", "MODE", mode_text_, "auto (default), record, replay, refresh or off").choices =
        names_of(kModes);
    options.value("--request", "FILE", request_path_, "reads the request from FILE instead of stdin");
    options.flag("--no-follow", no_follow_, "waits for another run's answer to be complete instead of copying it live");
    options.value("--wait", "D", wait_, "how long to wait for another run of the same request (default: no bound)");
    options.command("COMMAND", command_, "what to run on a miss, after --; --mode replay needs none");
  }

  Exit run(Context& context) override {
    mode_ = parse_choice(mode_text_, kModes);
    if (command_.empty() && mode_ != Mode::replay) usage_error("COMMAND is missing: llmcache run -- COMMAND...");
    if (wait_) fill_options_.wait = parse_duration(*wait_);
    const std::string request = read_input(request_path_);
    if (mode_ == Mode::off) return run_uncached(context, request);
    try {
      context.cache();
    } catch (const PasswordFailure& failure) {
      if (context.settings().strict || mode_ == Mode::replay) throw;
      context.report().warn(fmt::format("{}; running without the cache", failure.what()));
      return run_uncached(context, request);
    }
    auto key = about_request(request_path_, context.cache().key(request));
    if (!key) {
      if (context.settings().strict || mode_ == Mode::replay) throw Failure(key.error());
      context.report().warn(key.error().message + "; running without the cache");
      return run_uncached(context, request);
    }
    if (mode_ == Mode::auto_ || mode_ == Mode::replay) {
      const auto kind = key->stream ? lc::EntryKind::stream : lc::EntryKind::response;
      const auto begun = Steady::now();
      auto found = context.cache().get(*key, kind, context.deadline());
      lookup_time_ = std::chrono::ceil<lc::Milliseconds>(Steady::now() - begun);
      if (!found && mode_ != Mode::replay && !context.settings().strict) {
        context.report().warn(found.error().message + "; running without the cache");
        return run_uncached(context, request);
      }
      if (const lc::Lookup hit = context.settle(std::move(found))) return serve(context, *hit.entry);
      if (mode_ == Mode::replay) {
        context.report().warn("no stored answer under " + key->base + "; COMMAND is not run");
        return Exit::no;
      }
    }
    return fill(context, request, *key);
  }

 private:
  static Exit serve(Context& context, const lc::Entry& entry) {
    checked(entry.read([&](const lc::Chunk& chunk) -> lc::Status {
      context.out().write(chunk.bytes);
      if (entry.kind() == lc::EntryKind::stream) context.out().flush();
      return {};
    }));
    return Exit::success;
  }

  // Writes to stdout; false, with what was thrown in `failure_`, if it cannot be written.
  bool pass_on(Context& context, std::string_view bytes) {
    try {
      context.out().write(bytes);
      context.out().flush();
      return true;
    } catch (const ClosedPipe&) {
      reader_is_gone_ = true;
    } catch (const Failure&) {
      failure_ = std::current_exception();
    }
    return false;
  }

  Exit run_uncached(Context& context, const std::string& request) {
    const auto child =
        run_child(command_, request, {.on_output = [&](std::string_view bytes) { return pass_on(context, bytes); }});
    if (failure_) std::rethrow_exception(failure_);
    return static_cast<Exit>(child.exit_code);
  }

  // Gets the answer from COMMAND, or from another run that is just getting it.
  Exit fill(Context& context, const std::string& request, const lc::RequestKey& key) {
    fill_options_.looked_up = true;
    fill_options_.overwrite = mode_ != Mode::auto_;
    fill_options_.live = !no_follow_;
    fill_options_.store_budget = context.settings().deadline - lookup_time_;
    const auto produce = [&](lc::Filling& filling) { return run_command(request, filling); };
    const auto receive = [&](std::string_view bytes) -> lc::Status {
      if (pass_on(context, bytes)) return {};
      return lc::fail(lc::ErrorCode::refused, "the reader of the answer went away");
    };
    const auto filled = context.cache().get_or_fill(key, produce, receive, fill_options_, lc::Deadline::never());
    if (failure_) std::rethrow_exception(failure_);
    if (!child_ && reader_is_gone_) throw ClosedPipe();
    if (!child_ && !filled) throw Failure(filled.error());
    report(context.report(), filled);
    return child_ ? static_cast<Exit>(child_->exit_code) : Exit::success;
  }

  lc::Status run_command(const std::string& request, lc::Filling& filling) {
    try {
      child_ = run_child(command_, request,
                         {.on_start = [&] { filling.prepare(); },
                          .on_output = [&](std::string_view bytes) { return filling.write(bytes).has_value(); },
                          .on_signal = [&] { filling.give_up(); }});
    } catch (const Failure& failure) {
      failure_ = std::current_exception();
      return lc::fail(lc::ErrorCode::refused, failure.what());
    }
    const auto refuse = [](const std::string& why) { return lc::fail(lc::ErrorCode::policy, why); };
    if (reader_is_gone_) return refuse("the reader of the answer went away");
    if (child_->signalled) return refuse("interrupted by a signal");
    if (child_->exit_code != 0) return refuse(fmt::format("COMMAND exited with {}", child_->exit_code));
    return {};
  }

  static void report(const Report& report, const lc::Result<lc::Filled>& filled) {
    if (!filled || !filled->refused.empty()) {
      report.note("not stored: " + (filled ? filled->refused : filled.error().message));
    } else if (!filled->stored) {
      report.warn("not stored: " + filled->stored.error().message);
    } else {
      report.note(filled->source == lc::Filled::Source::producer ? "stored" : "answered by another run");
    }
  }

  std::string mode_text_ = "auto";
  Mode mode_ = Mode::auto_;
  std::string request_path_ = "-";
  std::vector<std::string> command_;
  lc::Milliseconds lookup_time_{0};
  bool no_follow_ = false;
  std::optional<std::string> wait_;
  lc::FillOptions fill_options_;
  std::optional<ChildResult> child_;  // once COMMAND has run
  bool reader_is_gone_ = false;
  std::exception_ptr failure_;  // what may not be thrown through the library
};

}  // namespace

std::unique_ptr<Command> make_run() {
  return std::make_unique<Run>();
}

}  // namespace llmcache
