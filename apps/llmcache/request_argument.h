// The REQUEST that most commands take, or the --key that stands in its place.
#pragma once

#include <string>

#include "context.h"
#include "options.h"

namespace llmcache {

class RequestArgument {
 public:
  void declare(Options& options);

  bool is_named() const { return !key_.empty(); }
  bool is_stdin() const { return path_ == "-"; }
  // The entry's name where --key was given.
  std::string name(libcache::EntryKind kind) const;
  // The request's bytes, read at the first call.
  const std::string& request();
  // Looks the entry up, by request or by name.
  libcache::Lookup find(Context& context, libcache::EntryKind kind);

 private:
  std::string path_ = "-";
  std::string key_;
  std::optional<std::string> request_;
};

// `key` as the name of its response or its stream entry, whichever of the two it names.
std::string entry_name(const std::string& key, libcache::EntryKind kind);

}  // namespace llmcache
