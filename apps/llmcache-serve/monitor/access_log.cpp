#include "monitor/access_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
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

AccessLog::AccessLog(const std::string& path, const Report& report) : report_(report) {
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
    write_waiting(lines);
    lock.lock();
  }
}

// In writes of whole lines, so that those of several processes do not mix. A pipe takes that many bytes whenever it takes
// any (pipe(7)).
void AccessLog::write_waiting(std::string_view lines) {
  while (!lines.empty() && can_write()) {
    const std::size_t line = lines.substr(0, PIPE_BUF).rfind('\n');
    const ssize_t written = ::write(file_.number(), lines.data(), line == lines.npos ? PIPE_BUF : line + 1);
    if (written < 0 && errno != EINTR && errno != EAGAIN) return warn_once(std::strerror(errno));
    if (written > 0) lines.remove_prefix(static_cast<std::size_t>(written));
  }
}

// Waits until the log can be written. False: nobody reads it, and the server is ending.
bool AccessLog::can_write() const {
  constexpr int kWaitMs = 200;
  pollfd writable{file_.number(), POLLOUT, 0};
  while (::poll(&writable, 1, kWaitMs) == 0) {
    if (ending_) return false;
  }
  return true;
}

void AccessLog::warn_once(const char* problem) {
  if (!std::exchange(has_warned_, true)) report_.warn(fmt::format("the access log cannot be written: {}", problem));
}

}  // namespace llmcache::serve
