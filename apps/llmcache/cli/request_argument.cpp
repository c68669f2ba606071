#include "cli/request_argument.h"

#include <fmt/format.h>
#include <libcache/bifrost.h>
#include <unistd.h>

#include "cli/endpoint.h"

namespace llmcache {

namespace lc = libcache;

void RequestArgument::declare(Options& options) {
  options.positional("REQUEST", path_, "the request: a file, or - for stdin");
  options.value("--key", "KEY", key_, "names the entry instead of a request");
}

const std::string& RequestArgument::request() {
  if (!request_) request_ = read_input(path_);
  return *request_;
}

void warn_of_unmatched(const Context& context, const std::vector<std::string>& pointers) {
  for (const std::string& pointer : pointers) {
    context.report().warn(fmt::format("--ignore {} matches no member of the request", pointer));
  }
}

std::string name_of_request(Context& context, const std::string& path) {
  const auto key = checked(about_request(path, context.cache().key(read_input(path))));
  warn_of_unmatched(context, key.unmatched);
  return key.response_name;
}

std::string name_of_entry(Context& context, const std::string& argument) {
  if (argument == "-" || ::access(argument.c_str(), F_OK) == 0) return name_of_request(context, argument);
  const std::string response = context.cache().entry_name(argument, lc::EntryKind::response);
  if (lc::EntryName::parse(response, context.key_options().scheme)) return argument;
  usage_error(fmt::format("'{}' is neither a file nor the name of an entry", argument));
}

namespace {

void warn_of_accepted(const Context& context, const lc::Entry& entry) {
  const auto metadata = entry.metadata();
  if (!metadata || !(metadata->incomplete || metadata->error)) return;
  context.report().warn(fmt::format("the stored answer is {}; it was stored because of --accept",
                                    metadata->error ? "an error" : "incomplete"));
}

}  // namespace

lc::RequestKey RequestArgument::key(Context& context) {
  auto key = checked(about_request(path_, context.cache().key(request())));
  warn_of_unmatched(context, key.unmatched);
  return key;
}

lc::Lookup RequestArgument::find(Context& context, lc::EntryKind kind) {
  if (is_named() && !is_stdin()) usage_error("give either a REQUEST or --key, not both");
  if (is_named() && key_->empty()) usage_error("the KEY of --key is empty");
  lc::Cache& cache = context.cache();
  if (!is_named()) {
    const auto key = this->key(context);
    // A native request has one entry, whether it holds a response or a stream. A gateway has one for each kind.
    if (!key.stream && context.key_options().scheme == lc::KeyScheme::native) kind = lc::EntryKind::response;
    entry_ = cache.entry_name(key.response_name, kind);
    provider_ = key.provider;
    auto lookup = context.settle(cache.get(key, kind, context.deadline()));
    if (lookup) {
      warn_of_accepted(context, *lookup.entry);
    } else if (const std::string others = other_endpoints(context, key); !others.empty()) {
      context.report().say(others);
    }
    return lookup;
  }
  entry_ = cache.entry_name(*key_, kind);
  provider_ = context.key_options().provider.value_or("");
  return context.settle(cache.get_named(entry_, context.deadline()));
}

std::string RequestArgument::annotated(std::string_view stored) const {
  return checked(lc::bifrost::annotate(stored, provider_, entry_));
}

void require_bifrost(const Context& context, std::string_view option) {
  if (context.key_options().scheme == lc::KeyScheme::bifrost) return;
  usage_error(fmt::format("{} is for a gateway's entries: it needs --compat bifrost", option));
}

}  // namespace llmcache
