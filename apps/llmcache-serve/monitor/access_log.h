// One JSON line for each request: never a body, a query or a credential.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "process/descriptor.h"
#include "server/exchange.h"
#include "ui/report.h"

namespace llmcache::serve {

class AccessLog {
 public:
  // Appends to the file at `path`; "-" is stdout; with an empty path nothing is logged. Throws a Failure (refused) if the file
  // cannot be opened.
  AccessLog(const std::string& path, const Report& report);
  // Waits until all lines are written, but not for a reader that has stopped reading.
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  // A log that cannot be written does not stop the server, nor does one that is written slowly: a thread of its own
  // writes it, and lines are dropped when very many wait.
  void write(const Exchange& exchange);

 private:
  void write_lines();
  void write_waiting(std::string_view lines);
  bool can_write() const;
  void warn_once(const char* problem);

  const Report& report_;
  Descriptor file_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string waiting_;  // whole lines
  std::atomic<bool> ending_ = false;
  bool has_warned_ = false;
  std::thread writer_;
};

}  // namespace llmcache::serve
