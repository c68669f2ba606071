#include "config/password.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "process/child.h"
#include "process/file.h"

namespace llmcache {

namespace lc = libcache;

namespace {

constexpr std::size_t kLargest = 64 * 1024;

std::string first_line(std::string text) {
  text.resize(std::min(text.find('\n'), text.size()));
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

std::string from_file(const std::string& path, lc::Deadline deadline) {
  const auto content = read_small_file(path, {.largest = kLargest, .deadline = deadline});
  if (!content) usage_error(path + ": no such file");
  std::string password = first_line(*content);
  if (password.empty()) usage_error(fmt::format("the first line of {} is empty", path));
  return password;
}

std::string from_command(const std::vector<std::string>& command, lc::Deadline deadline) {
  if (command.empty()) usage_error("no program is named");
  std::string output;
  const auto keep = [&](std::string_view bytes) {
    output += bytes;
    return output.size() < kLargest;
  };
  const ChildResult result = run_child(command, "", {.on_output = keep, .deadline = deadline});
  if (result.timed_out) {
    throw Failure(Exit::unavailable, command.front() + " did not finish within the deadline");
  }
  if (result.exit_code != 0) usage_error(fmt::format("{} exited with {}", command.front(), result.exit_code));
  std::string password = first_line(std::move(output));
  if (password.empty()) usage_error(command.front() + " printed nothing on its first line");
  return password;
}

std::string from(std::string_view source, const Settings& settings, lc::Deadline deadline) {
  try {
    return source == "password_file" ? from_file(settings.password_file, deadline)
                                     : from_command(settings.password_command, deadline);
  } catch (const Failure& failure) {
    const Exit exit = failure.exit() == Exit::unavailable ? Exit::unavailable : Exit::usage;
    throw PasswordFailure(exit, fmt::format("{}: {}", source, failure.what()));
  }
}

const Resolved& row_of(std::string_view name, std::span<const Resolved> resolved) {
  return *std::ranges::find(resolved, name, [](const Resolved& row) { return row.setting->name; });
}

// 0 for the strongest source.
int weakness(const Resolved& row) {
  if (row.origin == kFlagOrigin) return 0;
  return row.origin == kEnvironmentOrigin ? 1 : 2;
}

}  // namespace

std::optional<std::string> read_password(const Settings& settings, std::span<const Resolved> resolved,
                                         lc::Deadline deadline) {
  const Resolved* strongest = nullptr;
  for (const auto* name : {"password", "password_file", "password_command"}) {
    const Resolved& row = row_of(name, resolved);
    if (row.origin == kDefaultOrigin) continue;
    if (strongest == nullptr || weakness(row) < weakness(*strongest)) strongest = &row;
  }
  if (strongest == nullptr) return std::nullopt;
  if (strongest->setting->name == "password") return settings.store.redis.password;
  return from(strongest->setting->name, settings, deadline);
}

std::optional<std::string> redis_cli_password() {
  const char* password = std::getenv("REDISCLI_AUTH");
  if (password == nullptr || *password == '\0') return std::nullopt;
  return password;
}

}  // namespace llmcache
