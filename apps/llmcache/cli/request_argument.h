// The REQUEST that most commands take, or the --key in its place.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/options.h"
#include "context.h"
#include "process/input.h"

namespace llmcache {

// A result concerning the request in `path` ("-" is stdin); the message of an error names that place.
template <class T>
libcache::Result<T> about_request(const std::string& path, libcache::Result<T> result) {
  if (!result) result.error().message.insert(0, path == "-" ? "the request on stdin: " : path + ": ");
  return result;
}

// Warns of every --ignore pointer that matched no member of a request.
void warn_of_unmatched(const Context& context, const std::vector<std::string>& pointers);

// The name of the response entry of the request in a file, or on stdin for "-".
std::string name_of_request(Context& context, const std::string& path);
// The name of the entry of an ENTRY argument: a request in an existing file or on stdin, or the name itself. Throws a
// Failure (usage) for anything else.
std::string name_of_entry(Context& context, const std::string& argument);

class RequestArgument {
 public:
  void declare(Options& options);

  bool is_named() const { return key_.has_value(); }
  bool is_stdin() const { return path_ == "-"; }
  // The bytes of the request, which is read at the first call.
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
  std::string entry_;     // the name that find() looked up
  std::string provider_;  // of the request; empty if it is not known
};

// Throws a Failure (usage) under the native scheme.
void require_bifrost(const Context& context, std::string_view option);

}  // namespace llmcache
