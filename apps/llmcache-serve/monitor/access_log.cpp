#include "monitor/access_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "failure.h"
#include "ui/describe.h"

namespace llmcache::serve {

namespace {

constexpr std::size_t kMostWaitingBytes = 8 * 1024 * 1024;

double milliseconds(Exchange::Clock::duration duration) {
  return static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(duration).count()) / 1000;
}

}  // namespace

AccessLog::AccessLog(const std::string& path) {
  if (path.empty()) return;
  file_ = Descriptor(path == "-" ? ::dup(STDOUT_FILENO)
                                 : ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  if (file_.number() < 0) throw Failure(Exit::refused, fmt::format("--access-log {}: {}", path, std::strerror(errno)));
  writer_ = std::thread([this] { write_lines(); });
}

AccessLog::~AccessLog() {
  if (file_.number() < 0) return;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  writer_.join();
}

void AccessLog::write(const Exchange& exchange) {
  if (file_.number() < 0) return;
  const auto now = Exchange::Clock::now();
  nlohmann::ordered_json line{{"time", format_time(std::chrono::floor<std::chrono::milliseconds>(exchange.time))},
                              {"method", exchange.method},
                              {"path", exchange.path},
                              {"status", exchange.status},
                              {"outcome", to_string(exchange.outcome)}};
  if (!exchange.detail.empty()) line["detail"] = exchange.detail;
  if (!exchange.key.empty()) line["key"] = exchange.key;
  line["bytes"] = exchange.bytes;
  line["duration_ms"] = milliseconds(now - exchange.start);
  if (exchange.first_byte) line["first_byte_ms"] = milliseconds(*exchange.first_byte - exchange.start);
  if (!exchange.model.empty()) line["model"] = exchange.model;
  if (exchange.prompt_tokens) line["prompt_tokens"] = *exchange.prompt_tokens;
  if (exchange.completion_tokens) line["completion_tokens"] = *exchange.completion_tokens;
  const std::string text = line.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
  const std::lock_guard lock(mutex_);
  if (waiting_.size() > kMostWaitingBytes) return;
  waiting_ += text;
  changed_.notify_one();
}

void AccessLog::write_lines() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const std::string lines = std::exchange(waiting_, {});
    lock.unlock();
    // Writes of whole lines: those of several processes do not mix.
    (void)!::write(file_.number(), lines.data(), lines.size());
    lock.lock();
  }
}

}  // namespace llmcache::serve
