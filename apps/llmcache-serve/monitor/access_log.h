// One JSON line for each request: never a body, a query or a credential.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "process/descriptor.h"
#include "server/exchange.h"

namespace llmcache::serve {

class AccessLog {
 public:
  // Appends to the file at `path`; "-" is stdout; with an empty path nothing is logged. Throws a Failure (refused) if the file
  // cannot be opened.
  explicit AccessLog(const std::string& path);
  // Waits until all lines are written.
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  // A log that cannot be written does not stop the server, nor does one that is written slowly: a thread of its own
  // writes it, and lines are dropped when very many wait.
  void write(const Exchange& exchange);

 private:
  void write_lines();

  Descriptor file_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string waiting_;  // whole lines
  bool ending_ = false;
  std::thread writer_;
};

}  // namespace llmcache::serve
