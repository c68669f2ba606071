#include "process/use_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "failure.h"
#include "process/descriptor.h"
#include "ui/json_line.h"

namespace llmcache {

namespace lc = libcache;

namespace {

// A longer request is left out of the log.
constexpr std::size_t kLongestRequest = 64 << 10;

std::string line_of(const lc::Use& use) {
  const bool hit = use.miss == lc::MissReason::none;
  Json::Members members = {{"name", use.name}, {"outcome", hit ? "used" : "missed"}};
  if (!hit) members.emplace_back("reason", lc::to_string(use.miss));
  if (!hit && use.request.starts_with('{') && use.request.size() <= kLongestRequest) {
    members.emplace_back("request", Json::raw(use.request));
  }
  return json_line("use", members);
}

bool append(const std::string& path, std::string line) {
  line += '\n';
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0666));
  if (file.number() < 0) return false;
  const auto written = ::write(file.number(), line.data(), line.size());
  if (written == static_cast<ssize_t>(line.size())) return true;
  if (written >= 0) errno = ENOSPC;
  return false;
}

}  // namespace

lc::UseHandler log_uses_to(const std::string& path, const Report& report) {
  const auto failed = std::make_shared<std::atomic<bool>>(false);
  return [path, report, failed](const lc::Use& use) {
    if (append(path, line_of(use)) || failed->exchange(true)) return;
    report.warn(fmt::format("the use log '{}' cannot be written: {}", path, std::strerror(errno)));
  };
}

std::set<std::string> read_use_log(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw Failure(Exit::bad_input, fmt::format("the use log '{}': {}", path, std::strerror(errno)));
  std::set<std::string> names;
  std::size_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    const auto json = nlohmann::json::parse(line, nullptr, false);
    const bool is_use = json.is_object() && json.value("schema", "") == "llmcache.use/1" && json.contains("name") &&
                        json["name"].is_string();
    if (!is_use) throw Failure(Exit::bad_input, fmt::format("'{}':{}: not a line of a use log", path, number));
    names.insert(json["name"].get<std::string>());
  }
  return names;
}

}  // namespace llmcache
