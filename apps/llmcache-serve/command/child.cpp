#include "command/child.h"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "failure.h"

extern char** environ;

namespace llmcache::serve {

namespace {

constexpr const char* kApiKeys[] = {"OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"};
constexpr const char* kDummyKey = "llmcache-replay";
constexpr int kSignalBase = 128;

std::vector<std::string> merged_environment(const std::map<std::string, std::string>& added) {
  std::vector<std::string> result;
  for (char** variable = environ; *variable; ++variable) {
    const std::string_view text = *variable;
    if (!added.contains(std::string(text.substr(0, text.find('='))))) result.emplace_back(text);
  }
  for (const auto& [name, value] : added) result.push_back(fmt::format("{}={}", name, value));
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

std::map<std::string, std::string> client_environment(const std::string& url, bool named, bool with_keys) {
  const auto base = [&](const char* upstream) { return named ? url + "/" + upstream : url; };
  std::map<std::string, std::string> variables{
      {"OPENAI_BASE_URL", base("openai") + "/v1"},
      {"OPENAI_API_BASE", base("openai") + "/v1"},
      {"ANTHROPIC_BASE_URL", base("anthropic")},
      {"GOOGLE_GEMINI_BASE_URL", base("gemini")},
      {"OLLAMA_HOST", base("ollama")},
      {"LLMCACHE_URL", url},
  };
  if (with_keys) {
    for (const char* name : kApiKeys) {
      if (const char* value = std::getenv(name); !value || !*value) variables[name] = kDummyKey;
    }
  }
  return variables;
}

void ChildCommand::start(const std::vector<std::string>& command, const std::map<std::string, std::string>& environment,
                         std::function<void(int)> on_end) {
  std::vector<std::string> arguments = command;
  std::vector<std::string> variables = merged_environment(environment);
  // The server ignores some signals; what it starts does not.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  sigemptyset(&defaults);
  for (const int signal : {SIGPIPE, SIGXFSZ, SIGHUP}) sigaddset(&defaults, signal);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  const int error = ::posix_spawnp(&process_, arguments.front().c_str(), nullptr, &attributes,
                                   pointers(arguments).data(), pointers(variables).data());
  posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    process_ = 0;
    throw Failure(error == ENOENT ? Exit::run_not_found : Exit::run_not_executable,
                  fmt::format("{}: {}", command.front(), std::strerror(error)));
  }
  wait(std::move(on_end));
}

void ChildCommand::send(int signal) const {
  if (process_ > 0) ::kill(process_, signal);
}

void ChildCommand::wait(std::function<void(int)> on_end) {
  ended_.async_wait([this, on_end = std::move(on_end)](auto error, int) mutable {
    if (error) return;
    int status = 0;
    if (::waitpid(process_, &status, WNOHANG) != process_) return wait(std::move(on_end));
    process_ = 0;
    on_end(WIFSIGNALED(status) ? kSignalBase + WTERMSIG(status) : WEXITSTATUS(status));
  });
}

}  // namespace llmcache::serve
