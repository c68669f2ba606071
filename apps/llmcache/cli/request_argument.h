// The REQUEST that `get` and `replay` take, or the name of an entry in its place.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/naming.h"
#include "cli/options.h"
#include "context.h"

namespace llmcache {

// A result concerning the request in `path` ("-" is stdin); the message of an error names that place.
template <class T>
libcache::Result<T> about_request(const std::string& path, libcache::Result<T> result) {
  if (!result) result.error().message.insert(0, path == "-" ? "the request on stdin: " : path + ": ");
  return result;
}

// Warns of every --ignore pointer that matched no member of a request.
void warn_of_unmatched(const Context& context, const std::vector<std::string>& pointers);

class RequestArgument {
 public:
  void declare(Options& options);

  // Looks the entry up, by request or by name.
  libcache::Lookup find(Context& context, libcache::EntryKind kind);
  // Says on stderr why find() found nothing: `lookup` is its result.
  void explain(Context& context, const libcache::Lookup& lookup, libcache::EntryKind kind) const;
  // The response or a chunk that find() found, as a Bifrost gateway's plugin serves it.
  std::string annotated(std::string_view stored) const;

 private:
  libcache::Lookup find_request(Context& context, const std::string& path, libcache::EntryKind kind);
  libcache::Lookup find_name(Context& context, const std::string& argument, Naming naming, libcache::EntryKind kind);

  std::optional<std::string> argument_;
  std::optional<std::string> key_;
  std::optional<std::string> request_path_;
  std::optional<std::string> request_;  // that find() looked up; nothing if it looked a name up
  std::string entry_;                   // the name that find() looked up
  std::string provider_;                // of the request; empty if it is not known
};

// Throws a Failure (usage) under the native scheme.
void require_bifrost(const Context& context, std::string_view option);

// The text of `llmcache help keys`.
std::string keys_help();

}  // namespace llmcache
