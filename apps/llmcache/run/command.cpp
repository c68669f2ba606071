#include <exception>
#include <optional>

#include "cli/request_argument.h"
#include "commands/all.h"
#include "config/mode.h"
#include "config/values.h"
#include "process/input.h"
#include "run/ask.h"
#include "run/batch.h"
#include "why.h"

namespace llmcache {

namespace {

namespace lc = libcache;

constexpr std::uint64_t kMostJobs = 1000;

// stdout, written to from callbacks that must not throw.
class AnswerOutput {
 public:
  explicit AnswerOutput(Output& out) : out_(out) {}

  lc::Status write(std::string_view bytes) {
    try {
      out_.write(bytes);
      out_.flush();
      return {};
    } catch (const ClosedPipe&) {
      closed_ = true;
      return lc::fail(lc::ErrorCode::refused, "the reader of the answer went away");
    } catch (const Failure& failure) {
      failure_ = std::current_exception();
      return lc::fail(lc::ErrorCode::refused, failure.what());
    }
  }
  // Whether the reader has gone away.
  bool is_closed() const { return closed_; }
  // Throws the failure of the first write that failed.
  void check() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  Output& out_;
  bool closed_ = false;
  std::exception_ptr failure_;
};

class Run : public Command {
 public:
  CommandHelp help() const override {
    return {"[--mode MODE] [--request FILE] [--lines [--jobs N]] -- COMMAND...",
            R"(Answers a request from the cache, or runs COMMAND and stores its answer.
Reads the request from stdin. On a hit, prints the stored answer and does not
start COMMAND. On a miss, starts COMMAND with the request on its stdin, passes
its output through as it arrives, and stores it if COMMAND succeeds and the
answer is complete. Everything after -- reaches COMMAND unchanged.

With --lines, reads one request per line and prints one JSON object per line, in
the same order: line, key, outcome (hit, stored, followed, refused, failed or
invalid), exit, answer and reason. Exits with 1 if a line failed or was invalid;
when it is run again, it asks only for what is missing.)",
            "store session ttl endpoint ignore sample retries strict deadline verbose",
            R"(  llmcache run -- curl -sSN https://api.example.com/v1/chat/completions -d @- < request.json
  llmcache run --lines --jobs 8 --retries 2 -- curl -sS --fail-with-body URL -d @- < requests.jsonl)"};
  }

  void declare(Options& options) override {
    options.value("--mode", "MODE", mode_text_, "auto (default), replay, refresh or off").choices = names_of(kModes);
    options.value("--request", "FILE", request_path_, "reads the request from FILE instead of stdin");
    options.flag("--lines", lines_, "reads one request per line and prints one JSON object per line");
    options.value("--jobs", "N", jobs_, "with --lines: how many requests are answered at the same time (default: 1)");
    options.flag("--why", why_, "on a miss, names the nearest stored request and where it differs");
    options.flag("--no-follow", no_follow_, "waits for another run's answer to be complete instead of copying it live");
    options.value("--wait", "D", wait_, "how long to wait for another run without news (default: no limit)");
    options.command("COMMAND", command_, "what to run on a miss, after --; --mode replay needs none");
  }

  Exit run(Context& context) override {
    AskOptions options{.mode = parse_choice(mode_text_, kModes), .command = command_, .live = !no_follow_};
    if (command_.empty() && options.mode != Mode::replay) {
      usage_error("COMMAND is missing: llmcache run -- COMMAND...");
    }
    if (wait_ && *wait_ != "never") options.wait = parse_duration(*wait_);
    if (jobs_ && !lines_) usage_error("--jobs needs --lines");
    if (why_ && lines_) usage_error("--why cannot be combined with --lines");
    return lines_ ? run_lines(context, std::move(options)) : run_one(context, std::move(options));
  }

 private:
  Exit run_lines(Context& context, AskOptions options) const {
    BatchOptions batch{.path = request_path_};
    if (jobs_) batch.jobs = parse_count(*jobs_, 1, kMostJobs);
    if (context.is_flag("retries")) batch.retries = context.settings().store.redis.retries;
    return run_batch(context, std::move(options), batch);
  }

  Exit run_one(Context& context, AskOptions options) const {
    const bool is_replay = options.mode == Mode::replay;
    const std::string request = read_input(request_path_);
    Asker asker(context, std::move(options));
    AnswerOutput output(context.out());
    Asked asked;
    std::optional<lc::Lookup> missed;  // in replay mode, which says first that COMMAND is not run
    try {
      asked = asker.ask({.request = request,
                         .place = request_path_ == "-" ? "the request on stdin: " : request_path_ + ": ",
                         .deadline = context.deadline(),
                         .receive = [&](std::string_view bytes) { return output.write(bytes); },
                         .report = context.report(),
                         .on_key = [&](const auto& key) { warn_of_unmatched(context, key.unmatched); },
                         .on_miss =
                             [&](const lc::Lookup& lookup) {
                               if (is_replay) {
                                 missed = lookup;
                               } else if (why_) {
                                 explain_miss(context, request, lookup);
                               }
                             }});
    } catch (const Failure&) {
      output.check();
      if (output.is_closed()) throw ClosedPipe();
      throw;
    }
    output.check();
    if (output.is_closed() && !asked.has_run) throw ClosedPipe();
    if (is_replay && asked.outcome == Asked::Outcome::failed) {
      if (!context.settings().json)
        context.report().warn(asked.reason + (command_.empty() ? "" : "; COMMAND is not run"));
      if (missed) explain_miss(context, request, *missed);
    } else if (asked.store_error && asked.exit == 0 && context.settings().strict) {
      throw Failure({asked.store_error->code, "not stored: " + asked.store_error->message});
    } else if (!output.is_closed() && !asked.is_reported) {
      tell(context, asked);
    }
    return static_cast<Exit>(asked.exit);
  }

  // A COMMAND that failed has printed its own error.
  static void tell(const Context& context, const Asked& asked) {
    const Report& report = context.report();
    switch (asked.outcome) {
      case Asked::Outcome::hit:
        return;
      case Asked::Outcome::stored:
        return report.note(context.stored_message());
      case Asked::Outcome::followed:
        return report.note("answered by another run");
      case Asked::Outcome::refused:
        return report.warn("not stored: " + asked.reason);
      case Asked::Outcome::failed:
        return asked.exit == 0 ? report.warn("not stored: " + asked.reason)
                               : report.note("not stored: " + asked.reason);
    }
  }

  std::string mode_text_ = "auto";
  std::string request_path_ = "-";
  std::vector<std::string> command_;
  bool lines_ = false;
  std::optional<std::string> jobs_;
  bool why_ = false;
  bool no_follow_ = false;
  std::optional<std::string> wait_;
};

}  // namespace

std::unique_ptr<Command> make_run() {
  return std::make_unique<Run>();
}

}  // namespace llmcache
