// The REQUEST that most commands take, or the --key that stands in its place.
#pragma once

#include <string>
#include <string_view>

#include "cli/options.h"
#include "context.h"
#include "process/input.h"

namespace llmcache {

// What came of the request in `path` ("-" is stdin), an error with the place it came from.
template <class T>
libcache::Result<T> about_request(const std::string& path, libcache::Result<T> result) {
  if (!result) result.error().message.insert(0, path == "-" ? "the request on stdin: " : path + ": ");
  return result;
}

class RequestArgument {
 public:
  void declare(Options& options);

  bool is_named() const { return key_.has_value(); }
  bool is_stdin() const { return path_ == "-"; }
  // The request's bytes, read at the first call.
  const std::string& request();
  libcache::RequestKey key(Context& context);
  // Looks the entry up, by request or by name.
  libcache::Lookup find(Context& context, libcache::EntryKind kind);
  // The response or a chunk that find() found, as a Bifrost gateway's plugin serves it.
  std::string annotated(std::string_view stored) const;

 private:
  std::string path_ = "-";
  std::optional<std::string> key_;
  std::optional<std::string> request_;
  std::string entry_;     // that find() looked for
  std::string provider_;  // of its request; empty where that is not known
};

// Throws a Failure (usage) under any other scheme.
void require_bifrost(const Context& context, std::string_view option);

}  // namespace llmcache
