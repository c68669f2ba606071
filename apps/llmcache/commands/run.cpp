#include <fmt/format.h>

#include <cstdlib>
#include <exception>
#include <optional>

#include "cli/endpoint.h"
#include "cli/request_argument.h"
#include "commands/all.h"
#include "config/password.h"
#include "config/values.h"
#include "process/child.h"
#include "process/curl.h"
#include "process/input.h"
#include "why.h"

namespace llmcache {

namespace {

namespace lc = libcache;

enum class Mode { auto_, replay, refresh, off };

constexpr Choice<Mode> kModes[] = {
    {"auto", Mode::auto_}, {"replay", Mode::replay}, {"refresh", Mode::refresh}, {"off", Mode::off}};

// The entries for which this process and its ancestors are running a COMMAND. A run of the same request inside of one
// would wait for itself.
class OuterRuns {
 public:
  static bool contain(const std::string& name) {
    const char* const names = std::getenv(kVariable);
    return names != nullptr && fmt::format("\n{}\n", names).find('\n' + name + '\n') != std::string::npos;
  }
  // For the processes that this one starts.
  static void add(const std::string& name) {
    const char* const names = std::getenv(kVariable);
    ::setenv(kVariable, (names == nullptr ? name : names + ('\n' + name)).c_str(), 1);
  }

 private:
  static constexpr const char* kVariable = "_LLMCACHE_RUNNING";  // names hold no line breaks
};

// Deriving a key and encoding an entry take time that grows with the request, and cannot be interrupted. Requests that
// would exceed the deadline are not cached.
bool exceeds_deadline(const std::string& request, lc::Milliseconds deadline) {
  constexpr std::size_t kSmall = 8 << 20;
  constexpr std::size_t kBytesPerMillisecond = 64 << 10;
  const auto allowed = static_cast<std::size_t>(std::max<std::int64_t>(deadline.count(), 0));
  return request.size() > kSmall && request.size() / kBytesPerMillisecond > allowed;
}

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
    return {"[--mode MODE] [--request FILE] -- COMMAND...",
            R"(Answers a request from the cache, or runs COMMAND and stores its answer.
Reads the request from stdin. On a hit, prints the stored answer and does not
start COMMAND. On a miss, starts COMMAND with the request on its stdin, passes
its output through as it arrives, and stores it if COMMAND succeeds and the
answer is complete. Everything after -- reaches COMMAND unchanged.)",
            "store session ttl endpoint ignore sample strict deadline verbose",
            R"(  llmcache run -- curl -sSN https://api.example.com/v1/chat/completions -d @- < request.json
  llmcache run --mode replay --store dir:fixtures < request.json)"};
  }

  void declare(Options& options) override {
    options.value("--mode", "MODE", mode_text_, "auto (default), replay, refresh or off").choices = names_of(kModes);
    options.value("--request", "FILE", request_path_, "reads the request from FILE instead of stdin");
    options.flag("--no-follow", no_follow_, "waits for another run's answer to be complete instead of copying it live");
    options.value("--wait", "D", wait_, "how long to wait for another run without news (default: no limit)");
    options.command("COMMAND", command_, "what to run on a miss, after --; --mode replay needs none");
  }

  Exit run(Context& context) override {
    const Mode mode = parse_choice(mode_text_, kModes);
    if (mode == Mode::replay) context.only_looks_up();
    if (command_.empty() && mode != Mode::replay) usage_error("COMMAND is missing: llmcache run -- COMMAND...");
    lc::FillOptions options;
    if (wait_) options.wait = parse_duration(*wait_);
    options.overwrite = mode == Mode::refresh;
    options.live = !no_follow_;
    options.require_store = context.settings().strict;
    const std::string request = read_input(request_path_);
    options.facts.request = request;
    reserved_.emplace();
    if (is_curl_that_fails_on_errors(command_)) options.facts.http_status = 200;
    if (mode == Mode::off) return run_uncached(context, request);
    if (!use_url_of(command_, context)) return run_uncached(context, request);
    if (mode != Mode::replay && exceeds_deadline(request, context.settings().deadline)) {
      context.report().warn("the request is too large to be cached within --deadline; running without the cache");
      return run_uncached(context, request);
    }
    try {
      context.cache();
      context.deadline();  // starts: what the cache itself does counts too
    } catch (const PasswordFailure& failure) {
      if (context.settings().strict || mode == Mode::replay) throw;
      context.report().warn(fmt::format("{}; running without the cache", failure.what()));
      return run_uncached(context, request);
    }
    auto key = about_request(request_path_, context.cache().key(request));
    if (!key) {
      if (context.settings().strict || mode == Mode::replay) throw Failure(key.error());
      context.report().warn(key.error().message + "; running without the cache");
      return run_uncached(context, request);
    }
    warn_of_unmatched(context, key->unmatched);
    if (mode == Mode::replay) return replay(context, request, *key);
    if (lacks_model(context, *key)) {
      context.report().warn(
          "the request has no model and its endpoint is not known: running without the cache (see --endpoint and "
          "--no-model)");
      return run_uncached(context, request);
    }
    options.store_budget = context.deadline().remaining();
    const std::string name = key->stream ? key->stream_name : key->response_name;
    if (OuterRuns::contain(name)) {
      context.report().note("within a run of the same request; running without the cache");
      return run_uncached(context, request);
    }
    OuterRuns::add(name);
    return fill(context, request, *std::move(key), std::move(options));
  }

 private:
  static Exit replay(Context& context, const std::string& request, const lc::RequestKey& key) {
    const auto kind = key.stream ? lc::EntryKind::stream : lc::EntryKind::response;
    const lc::Lookup found = context.settle(context.cache().get(key, kind, context.deadline()));
    if (!found) {
      if (!context.settings().json)
        context.report().warn("no stored answer under " + key.base + "; COMMAND is not run");
      explain_miss(context, request);
      return Exit::no;
    }
    checked(found.entry->read([&](const lc::Chunk& chunk) -> lc::Status {
      context.out().write(chunk.bytes);
      if (found.entry->kind() == lc::EntryKind::stream) context.out().flush();
      return {};
    }));
    return Exit::success;
  }

  Exit run_uncached(Context& context, const std::string& request) {
    AnswerOutput output(context.out());
    const auto on_output = [&](std::string_view bytes) { return output.write(bytes).has_value(); };
    reserved_.reset();
    const auto child = run_child(command_, request, {.on_output = on_output});
    output.check();
    return static_cast<Exit>(child.exit_code);
  }

  // Gets the answer from the store, from another run that is receiving it, or from COMMAND.
  Exit fill(Context& context, const std::string& request, lc::RequestKey key, lc::FillOptions options) {
    const std::optional<lc::RequestKey> asked = context.settings().verbose ? std::optional(key) : std::nullopt;
    auto fill = checked(context.cache().begin(std::move(key), std::move(options)));
    if (!fill.store_error() && mode_text_ != "refresh") context.note(fill.lookup());
    if (asked && !fill.store_error() && !fill.lookup()) {
      if (const auto others = other_endpoints(context, *asked); !others.empty()) context.report().note(others);
    }
    AnswerOutput output(context.out());
    std::optional<ChildResult> child;
    std::exception_ptr failure;  // COMMAND could not be started
    const auto produce = [&](lc::AnswerWriter& writer) -> lc::Status {
      try {
        return run_command(request, writer, child);
      } catch (const Failure&) {
        failure = std::current_exception();
        return lc::fail(lc::ErrorCode::refused, "COMMAND could not be started");
      }
    };
    const auto filled = fill.run(produce, [&](std::string_view bytes) { return output.write(bytes); });
    if (failure) std::rethrow_exception(failure);
    output.check();
    if (!child && output.is_closed()) throw ClosedPipe();
    if (!child && !filled) throw Failure(filled.error());
    if (!output.is_closed()) report(context, filled, fill.store_error().has_value());
    return child ? static_cast<Exit>(child->exit_code) : Exit::success;
  }

  lc::Status run_command(const std::string& request, lc::AnswerWriter& writer, std::optional<ChildResult>& child) {
    lc::Status written;
    reserved_.reset();
    child = run_child(command_, request,
                      {.on_start = [&] { writer.prepare(); },
                       .on_output =
                           [&](std::string_view bytes) {
                             written = writer.write(bytes);
                             return written.has_value();
                           },
                       .on_signal = [&] { writer.abandon(); }});
    if (!written) return written;
    if (child->signalled) return lc::fail(lc::ErrorCode::policy, "interrupted by a signal");
    if (child->exit_code == 0) return {};
    return lc::fail(lc::ErrorCode::policy, fmt::format("COMMAND exited with {}", child->exit_code));
  }

  // A COMMAND that failed has printed its own error, and a failure of the store has been reported already.
  static void report(const Context& context, const lc::Result<lc::Filled>& filled, bool was_uncached) {
    using Storing = lc::Filled::Storing;
    const Report& report = context.report();
    if (!filled) return report.note("not stored: " + filled.error().message);
    if (filled->source == lc::Filled::Source::leader) return report.note("answered by another run");
    if (filled->storing == Storing::stored) return report.note("stored");
    const bool is_new = filled->storing == Storing::refused || (filled->storing == Storing::failed && !was_uncached);
    if (is_new) report.warn("not stored: " + filled->reason);
  }

  std::string mode_text_ = "auto";
  std::string request_path_ = "-";
  std::vector<std::string> command_;
  std::optional<ReservedDescriptors> reserved_;
  bool no_follow_ = false;
  std::optional<std::string> wait_;
};

}  // namespace

std::unique_ptr<Command> make_run() {
  return std::make_unique<Run>();
}

}  // namespace llmcache
