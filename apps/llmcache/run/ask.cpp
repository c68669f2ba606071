#include "run/ask.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "cli/endpoint.h"
#include "config/password.h"
#include "process/curl.h"
#include "run/outer_runs.h"
#include "ui/terminal.h"

namespace llmcache {

namespace lc = libcache;

namespace {

// Deriving a key and encoding an entry take time that grows with the request, and cannot be interrupted. Requests that
// would exceed the deadline are not cached.
bool exceeds_deadline(const std::string& request, lc::Milliseconds deadline) {
  constexpr std::size_t kSmall = 8 << 20;
  constexpr std::size_t kBytesPerMillisecond = 64 << 10;
  const auto allowed = static_cast<std::size_t>(std::max<std::int64_t>(deadline.count(), 0));
  return request.size() > kSmall && request.size() / kBytesPerMillisecond > allowed;
}

// What the request asks, for a message: people know their prompts, not their keys. Empty if it asks nothing.
std::string about(const std::string& request) {
  constexpr std::size_t kColumns = 60;
  const std::string asked = lc::last_user_text(request);
  const std::string line = asked.substr(0, asked.find('\n'));
  return line.empty() ? "" : fmt::format(" to \"{}\"", fitted(escaped(line, false), kColumns));
}

// Waits for another run's answer in short steps, so that a signal can end this. Nothing if there is no such answer.
std::optional<lc::Filled> follow(lc::Fill& fill, const Question& question) {
  constexpr lc::Milliseconds kStep{100};
  while (fill.role() == lc::Fill::Role::follow) {
    if (question.group->signalled().is_set()) throw Failure(Exit::run_failed, "interrupted by a signal");
    const auto piece = checked(fill.read(lc::Deadline::after(kStep)));
    checked(question.receive(piece.bytes));
    if (piece.done) return fill.filled();
  }
  return std::nullopt;
}

Asked asked_of(const lc::Result<lc::Filled>& filled, const std::optional<ChildResult>& child, bool was_uncached) {
  using Outcome = Asked::Outcome;
  Asked asked{.exit = child ? child->exit_code : 0, .has_run = child.has_value()};
  if (!filled) {
    asked.outcome = Outcome::failed;
    asked.reason = filled.error().message;
  } else if (filled->source != lc::Filled::Source::producer) {
    asked.outcome = filled->source == lc::Filled::Source::leader ? Outcome::followed : Outcome::hit;
  } else if (filled->storing == lc::Filled::Storing::stored) {
    asked.outcome = Outcome::stored;
  } else {
    asked.outcome = Outcome::refused;
    asked.reason = filled->reason;
    asked.is_reported = was_uncached && filled->storing != lc::Filled::Storing::refused;
    asked.store_error = filled->store_error;
  }
  return asked;
}

}  // namespace

Asker::Asker(Context& context, AskOptions options)
    : context_(context), options_(std::move(options)), checks_status_(is_curl_that_fails_on_errors(options_.command)) {
  if (options_.mode == Mode::replay) context.only_looks_up();
  if (!options_.is_batch) reserved_.emplace();
  if (options_.mode == Mode::off) uncached_ = "the cache is off";
  const bool uses_endpoint = options_.mode != Mode::off || options_.is_batch;
  if (auto used = uses_endpoint ? use_url_of(options_.command, context) : lc::Status(); !used) {
    if (options_.mode == Mode::replay || context.settings().strict) throw Failure(Exit::usage, used.error().message);
    context.report().warn(used.error().message + "; running without the cache");
    uncached_ = "the URL of COMMAND is not valid";
  }
  if (!uncached_.empty()) return;
  try {
    context.cache();
    context.deadline();  // starts: what the cache itself does counts too
  } catch (const PasswordFailure& failure) {
    if (context.settings().strict || options_.mode == Mode::replay) throw;
    context.report().warn(fmt::format("{}; running without the cache", failure.what()));
    uncached_ = failure.what();
  }
}

lc::Result<lc::RequestKey> Asker::key_of(const std::string& request) {
  if (uncached_.empty()) return context_.cache().key(request);
  return checked_option(lc::KeyDeriver::create(context_.key_options())).derive(request);
}

Asked Asker::ask(const Question& question) {
  const auto uncached = [&](const std::string& reason) {
    question.report.warn(reason + "; running without the cache");
    return run_uncached(question, reason);
  };
  if (!uncached_.empty() && !options_.is_batch) return run_uncached(question, uncached_);
  const bool is_replay = options_.mode == Mode::replay;
  if (!is_replay && exceeds_deadline(question.request, context_.settings().deadline)) {
    return uncached("the request is too large to be cached within --deadline");
  }
  auto key = key_of(question.request);
  if (!key) {
    key.error().message.insert(0, question.place);
    if (context_.settings().strict || is_replay || options_.is_batch) throw Failure(key.error());
    return uncached(key.error().message);
  }
  question.on_key(*key);
  if (!uncached_.empty()) return run_uncached(question, uncached_);
  if (is_replay) return replay(question, *key);
  if (lacks_model(context_, *key)) {
    question.report.warn(
        "the request has no model and its endpoint is not known: running without the cache (see --endpoint and "
        "--no-model)");
    return run_uncached(question, "the request has no model and its endpoint is not known");
  }
  if (OuterRuns::contain(key->stream ? key->stream_name : key->response_name)) {
    constexpr const char* kWithin = "within a run of the same request";
    question.report.note(fmt::format("{}; running without the cache", kWithin));
    return run_uncached(question, kWithin);
  }
  return fill(question, *std::move(key));
}

Asked Asker::replay(const Question& question, const lc::RequestKey& key) {
  const auto kind = key.stream ? lc::EntryKind::stream : lc::EntryKind::response;
  const lc::Lookup found = context_.settle(context_.cache().get(key, kind, question.deadline), question.report);
  if (!found) {
    question.on_miss(found);
    return {.outcome = Asked::Outcome::failed,
            .exit = static_cast<int>(Exit::no),
            .reason = "no stored answer" + about(question.request) + " under " + key.base};
  }
  checked(found.entry->read([&](const lc::Chunk& chunk) { return question.receive(chunk.bytes); }));
  return {};
}

Asked Asker::run_uncached(const Question& question, const std::string& reason) {
  if (!options_.is_batch) reserved_.reset();
  const auto on_output = [&](std::string_view bytes) { return question.receive(bytes).has_value(); };
  const auto child = run_child(options_.command, question.request, {.on_output = on_output, .group = question.group});
  if (child.exit_code == 0 && !child.signalled) {
    return {.outcome = Asked::Outcome::refused, .has_run = true, .reason = reason, .is_reported = true};
  }
  return {.outcome = Asked::Outcome::failed,
          .exit = child.exit_code,
          .has_run = true,
          .reason = fmt::format("COMMAND exited with {}", child.exit_code),
          .is_reported = true};
}

// Gets the answer from the store, from another run that is receiving it, or from COMMAND.
Asked Asker::fill(const Question& question, lc::RequestKey key) {
  lc::FillOptions options;
  options.overwrite = options_.mode == Mode::refresh;
  options.live = options_.live;
  options.wait = options_.wait;
  options.require_store = context_.settings().strict;
  options.store_budget = question.deadline.remaining();
  options.facts.request = question.request;
  if (checks_status_) options.facts.http_status = 200;
  const std::string name = key.stream ? key.stream_name : key.response_name;
  const std::optional<lc::RequestKey> asked = question.report.verbose ? std::optional(key) : std::nullopt;
  auto fill = checked(context_.cache().begin(std::move(key), std::move(options)));
  const bool was_uncached = fill.store_error().has_value();
  if (!was_uncached && options_.mode != Mode::refresh) context_.note(fill.lookup(), question.report);
  if (asked && !was_uncached && !fill.lookup() && !options_.is_batch) {
    if (const auto others = other_endpoints(context_, asked->response_name); !others.empty())
      question.report.note(others);
  }
  if (!was_uncached && options_.mode != Mode::refresh && !fill.lookup()) question.on_miss(fill.lookup());
  if (question.group != nullptr) {
    if (const auto followed = follow(fill, question)) return asked_of(*followed, {}, was_uncached);
  }
  std::optional<ChildResult> child;
  std::exception_ptr failure;  // COMMAND could not be started
  const auto produce = [&](lc::AnswerWriter& writer) -> lc::Status {
    try {
      return run_command(question, name, writer, child);
    } catch (const Failure&) {
      failure = std::current_exception();
      return lc::fail(lc::ErrorCode::refused, "COMMAND could not be started");
    }
  };
  const auto filled = fill.run(produce, question.receive);
  if (failure) std::rethrow_exception(failure);
  if (!child && !filled) throw Failure(filled.error());
  return asked_of(filled, child, was_uncached);
}

lc::Status Asker::run_command(const Question& question, const std::string& name, lc::AnswerWriter& writer,
                              std::optional<ChildResult>& child) {
  lc::Status written;
  if (!options_.is_batch) reserved_.reset();
  child = run_child(options_.command, question.request,
                    {.on_start = [&] { writer.prepare(); },
                     .on_output =
                         [&](std::string_view bytes) {
                           written = writer.write(bytes);
                           return written.has_value();
                         },
                     .on_signal = [&] { writer.abandon(); },
                     .variable = OuterRuns::with(name),
                     .group = question.group});
  if (!written) return written;
  if (child->signalled) return lc::fail(lc::ErrorCode::policy, "interrupted by a signal");
  if (child->exit_code == 0) return {};
  return lc::fail(lc::ErrorCode::policy, fmt::format("COMMAND exited with {}", child->exit_code));
}

}  // namespace llmcache
