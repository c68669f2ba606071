#include "config/password.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string_view>

#include "failure.h"
#include "process/child.h"

namespace llmcache {

namespace {

std::string first_line(std::string text) {
  text.resize(std::min(text.find('\n'), text.size()));
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

std::string from_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string line;
  std::getline(file, line);
  if (!file.is_open() || file.bad()) usage_error(fmt::format("password_file: {} cannot be read", path));
  std::string password = first_line(std::move(line));
  if (password.empty()) usage_error(fmt::format("password_file: the first line of {} is empty", path));
  return password;
}

std::string from_command(const std::vector<std::string>& command) {
  if (command.empty()) usage_error("password_command: no program is named");
  std::string output;
  ChildResult result;
  try {
    const auto keep = [&](std::string_view bytes) {
      output += bytes;
      return output.size() < 64 * 1024;
    };
    result = run_child(command, "", {.on_output = keep});
  } catch (const Failure& failure) {
    usage_error(fmt::format("password_command: {}", failure.what()));
  }
  if (result.exit_code != 0) {
    usage_error(fmt::format("password_command: {} exited with {}", command.front(), result.exit_code));
  }
  std::string password = first_line(std::move(output));
  if (password.empty())
    usage_error(fmt::format("password_command: {} printed nothing on its first line", command.front()));
  return password;
}

const Resolved& row_of(std::string_view name, std::span<const Resolved> resolved) {
  return *std::ranges::find(resolved, name, [](const Resolved& row) { return row.setting->name; });
}

// How far up the source of a setting stands.
int weakness(const Resolved& row) {
  if (row.origin == kFlagOrigin) return 0;
  return row.origin == kEnvironmentOrigin ? 1 : 2;
}

}  // namespace

std::optional<std::string> read_password(const Settings& settings, std::span<const Resolved> resolved) {
  const Resolved* strongest = nullptr;
  for (const auto* name : {"password", "password_file", "password_command"}) {
    const Resolved& row = row_of(name, resolved);
    if (row.origin == kDefaultOrigin) continue;
    if (strongest == nullptr || weakness(row) < weakness(*strongest)) strongest = &row;
  }
  if (strongest == nullptr) return std::nullopt;
  if (strongest->setting->name == "password") return settings.password;
  if (strongest->setting->name == "password_file") return from_file(settings.password_file);
  return from_command(settings.password_command);
}

std::optional<std::string> redis_cli_password() {
  const char* password = std::getenv("REDISCLI_AUTH");
  if (password == nullptr) return std::nullopt;
  return password;
}

}  // namespace llmcache
