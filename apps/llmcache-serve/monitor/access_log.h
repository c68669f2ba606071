// One JSON line for each request: never a body, a query or a credential.
#pragma once

#include <string>

#include "server/exchange.h"

namespace llmcache::serve {

class AccessLog {
 public:
  // Appends to the file at `path`; "-" is stdout; with an empty path nothing is logged. Throws a Failure (refused) if the file
  // cannot be opened.
  explicit AccessLog(const std::string& path);
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  // A log that cannot be written does not stop the server.
  void write(const Exchange& exchange);

 private:
  int descriptor_ = -1;
};

}  // namespace llmcache::serve
