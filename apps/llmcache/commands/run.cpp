#include <fmt/format.h>
#include <libcache/bifrost.h>

#include <chrono>
#include <exception>
#include <optional>

#include "answer_recorder.h"
#include "child.h"
#include "commands/commands.h"

namespace llmcache {

namespace {

namespace lc = libcache;
using Steady = std::chrono::steady_clock;

enum class Mode { auto_, record, replay, refresh, off };

Mode parse_mode(const std::string& text) {
  if (text == "auto") return Mode::auto_;
  if (text == "record") return Mode::record;
  if (text == "replay") return Mode::replay;
  if (text == "refresh") return Mode::refresh;
  if (text == "off") return Mode::off;
  usage_error(fmt::format("'{}' is not a mode: write auto, record, replay, refresh or off", text));
}

class Run : public Command {
 public:
  void declare(Options& options) override {
    options.value("--mode", "MODE", mode_text_, "auto (default), record, replay, refresh or off");
    options.value("--request", "FILE", request_path_, "reads the request from FILE instead of stdin");
    options.positional("COMMAND", command_, "what to run on a miss, after --", true);
  }

  Exit run(Context& context) override {
    mode_ = parse_mode(mode_text_);
    const std::string request = read_input(request_path_);
    if (mode_ == Mode::off) return run_uncached(context, request);
    auto key = context.cache().key(request);
    if (!key) {
      if (context.settings().strict || mode_ == Mode::replay) throw Failure(key.error());
      context.report().warn(key.error().message + "; running without the cache");
      return run_uncached(context, request);
    }
    kind_ = key->stream ? lc::EntryKind::stream : lc::EntryKind::response;
    if (mode_ == Mode::auto_ || mode_ == Mode::replay) {
      const auto begun = Steady::now();
      auto found = context.cache().get(*key, kind_, context.deadline());
      lookup_time_ = std::chrono::ceil<lc::Milliseconds>(Steady::now() - begun);
      if (!found && mode_ != Mode::replay && !context.settings().strict) {
        context.report().warn(found.error().message + "; running without the cache");
        return run_uncached(context, request);
      }
      if (!found) throw Failure(found.error());
      if (const lc::Lookup hit = context.settle(std::move(found))) return serve(context, *hit.entry);
      if (mode_ == Mode::replay) {
        context.report().warn("no stored answer under " + key->base + "; COMMAND is not run");
        return Exit::no;
      }
    }
    return run_and_store(context, request, *key);
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

  struct Outcome {
    ChildResult child;
    bool delivered = true;  // whether stdout took everything
  };

  // Runs COMMAND, copying its stdout through as it arrives and to `recorder`, if there is one.
  Outcome pass_through(Context& context, const std::string& request, AnswerRecorder* recorder) const {
    Outcome outcome;
    std::exception_ptr failure;
    outcome.child = run_child(command_, request, [&](std::string_view bytes) {
      try {
        context.out().write(bytes);
        context.out().flush();
      } catch (const ClosedPipe&) {
        return outcome.delivered = false;
      } catch (const Failure&) {
        failure = std::current_exception();
        return outcome.delivered = false;
      }
      if (recorder != nullptr) recorder->write(bytes);
      return true;
    });
    if (failure) std::rethrow_exception(failure);
    return outcome;
  }

  Exit run_uncached(Context& context, const std::string& request) const {
    return static_cast<Exit>(pass_through(context, request, nullptr).child.exit_code);
  }

  Exit run_and_store(Context& context, const std::string& request, const lc::RequestKey& key) const {
    AnswerRecorder recorder(kind_, context.settings().compat);
    const Outcome outcome = pass_through(context, request, &recorder);
    const auto exit = static_cast<Exit>(outcome.child.exit_code);
    if (const std::string reason = reason_not_to_store(outcome); !reason.empty()) {
      context.report().note("not stored: " + reason);
      return exit;
    }
    const lc::Answer answer = std::move(recorder).finish();
    if (const auto origin = check_origin(context, answer); !origin) {
      if (context.settings().strict && exit == Exit::success) throw Failure(origin.error());
      context.report().warn("not stored: " + origin.error().message);
      return exit;
    }
    const auto deadline = lc::Deadline::after(context.settings().deadline - lookup_time_);
    if (const auto stored = context.cache().put(key, answer, {}, deadline); stored) {
      context.report().note("stored");
    } else if (stored.error().code == lc::ErrorCode::policy) {
      context.report().note("not stored: " + stored.error().message);
    } else {
      context.report().warn("not stored: " + stored.error().message);
    }
    return exit;
  }

  // Under bifrost only what a gateway said is kept.
  static lc::Status check_origin(Context& context, const lc::Answer& answer) {
    const bool needs_gateway =
        context.settings().compat == lc::KeyScheme::bifrost && answer.completeness != lc::Completeness::error;
    return needs_gateway ? lc::bifrost::check_origin(answer) : lc::Status();
  }

  static std::string reason_not_to_store(const Outcome& outcome) {
    if (outcome.child.signalled) return "interrupted by a signal";
    if (outcome.child.exit_code != 0) return fmt::format("COMMAND exited with {}", outcome.child.exit_code);
    return outcome.delivered ? "" : "the reader of the answer went away";
  }

  std::string mode_text_ = "auto";
  Mode mode_ = Mode::auto_;
  std::string request_path_ = "-";
  std::vector<std::string> command_;
  lc::EntryKind kind_ = lc::EntryKind::response;
  lc::Milliseconds lookup_time_{0};
};

}  // namespace

std::unique_ptr<Command> make_run() {
  return std::make_unique<Run>();
}

}  // namespace llmcache
