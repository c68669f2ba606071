#include "request_argument.h"

#include <string_view>

namespace llmcache {

namespace lc = libcache;

std::string entry_name(const std::string& key, lc::EntryKind kind) {
  constexpr std::string_view kStream = "_stream";
  const std::string response(key.ends_with(kStream) ? key.substr(0, key.size() - kStream.size()) : key);
  return kind == lc::EntryKind::stream ? response + std::string(kStream) : response;
}

void RequestArgument::declare(Options& options) {
  options.positional("REQUEST", path_, "the request: a file, or - for stdin");
  options.value("--key", "KEY", key_, "names the entry instead of a request");
}

std::string RequestArgument::name(lc::EntryKind kind) const {
  return entry_name(key_, kind);
}

const std::string& RequestArgument::request() {
  if (!request_) request_ = read_input(path_);
  return *request_;
}

lc::Lookup RequestArgument::find(Context& context, lc::EntryKind kind) {
  if (is_named() && !is_stdin()) usage_error("give either a REQUEST or --key, not both");
  if (!is_named()) {
    const auto key = checked(context.cache().key(request()));
    return context.settle(context.cache().get(key, kind, context.deadline()));
  }
  auto lookup = context.settle(context.cache().get_named(name(kind), context.deadline()));
  if (lookup && lookup.entry->kind() != kind) return {std::nullopt, lc::MissReason::wrong_kind};
  return lookup;
}

}  // namespace llmcache
