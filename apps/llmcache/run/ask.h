// Getting the answer of one request as `run` does: from the store, from another run that is receiving it, or from COMMAND.
#pragma once

#include <libcache/cache.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/mode.h"
#include "context.h"
#include "process/child.h"

namespace llmcache {

struct AskOptions {
  Mode mode = Mode::auto_;
  std::vector<std::string> command = {};
  bool live = true;                                 // see libcache::FillOptions
  std::optional<libcache::Milliseconds> wait = {};  // the same
  // One of many requests: it must have a key, and other threads ask at the same time.
  bool is_batch = false;
};

// One request, and what its caller does meanwhile.
struct Question {
  const std::string& request;
  std::string_view place = {};                                // where the request is, for messages: "stdin: "
  libcache::Deadline deadline = libcache::Deadline::never();  // for the store
  libcache::Receiver receive;
  Report report = {};
  std::function<void(const libcache::RequestKey&)> on_key = [](const auto&) {};
  std::function<void(const libcache::Lookup&)> on_miss = [](const auto&) {};
  ChildGroup* group = nullptr;  // of COMMAND
};

struct Asked {
  enum class Outcome { hit, stored, followed, refused, failed };
  Outcome outcome = Outcome::hit;
  int exit = 0;  // that of COMMAND, if it ran
  bool has_run = false;
  // Why the answer was not stored or there is none, and whether a warning has said so already.
  std::string reason = {};
  bool is_reported = false;
  std::optional<libcache::Error> store_error = {};  // it was not stored because the store failed
};

// With is_batch, ask() is thread-safe.
class Asker {
 public:
  // Takes the endpoint from COMMAND and opens the cache. What keeps all requests from being cached is a warning.
  Asker(Context& context, AskOptions options);
  // Throws a Failure, of the store or because COMMAND could not be started.
  Asked ask(const Question& question);

 private:
  libcache::Result<libcache::RequestKey> key_of(const std::string& request);
  Asked replay(const Question& question, const libcache::RequestKey& key);
  Asked fill(const Question& question, libcache::RequestKey key);
  Asked run_uncached(const Question& question, const std::string& reason);
  libcache::Status run_command(const Question& question, const std::string& name, libcache::AnswerWriter& writer,
                               std::optional<ChildResult>& child);

  Context& context_;
  const AskOptions options_;
  const bool checks_status_;  // COMMAND fails on an HTTP error
  std::string uncached_;      // why no request is cached
  std::optional<ReservedDescriptors> reserved_;
};

}  // namespace llmcache
