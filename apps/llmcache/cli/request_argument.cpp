#include "cli/request_argument.h"

#include <fmt/format.h>
#include <libcache/bifrost.h>

#include "cli/endpoint.h"
#include "why.h"

namespace llmcache {

namespace lc = libcache;

void RequestArgument::declare(Options& options) {
  options.positional("REQUEST", argument_, kEntryHelp);
  options.value("--key", "KEY", key_,
                "takes KEY as the name or the hash of an entry, even if there is a file of that name");
  options.value("--request", "FILE", request_path_, "takes FILE as a request");
}

void warn_of_unmatched(const Context& context, const std::vector<std::string>& pointers) {
  for (const std::string& pointer : pointers) {
    context.report().warn(fmt::format("--ignore {} matches no member of the request", pointer));
  }
}

namespace {

void warn_of_accepted(const Context& context, const lc::Entry& entry) {
  const auto metadata = entry.metadata();
  if (!metadata || !(metadata->incomplete || metadata->error)) return;
  context.report().warn(fmt::format("the stored answer is {}; it was stored because of --accept",
                                    metadata->error ? "an error" : "incomplete"));
}

// Of a request without "stream": true, for which the response was looked up.
bool has_stream(Context& context, const lc::RequestKey& key) {
  if (!context.scheme().has_one_entry) return false;
  const auto row = context.cache().store().look_up(key.stream_name, 0, context.deadline());
  return row && row->has_value();
}

}  // namespace

lc::Lookup RequestArgument::find(Context& context, lc::EntryKind kind) {
  at_most_one(
      {{"REQUEST", argument_.has_value()}, {"--key", key_.has_value()}, {"--request", request_path_.has_value()}});
  if (key_) return find_name(context, *key_, Naming::name, kind);
  if (request_path_) return find_request(context, *request_path_, kind);
  const std::string argument = argument_.value_or("-");
  return is_request(argument) ? find_request(context, argument, kind)
                              : find_name(context, argument, Naming::either, kind);
}

lc::Lookup RequestArgument::find_request(Context& context, const std::string& path, lc::EntryKind kind) {
  lc::Cache& cache = context.cache();
  request_ = read_request(path);
  const auto key = checked(about_request(path, cache.key(*request_)));
  warn_of_unmatched(context, key.unmatched);
  if (!key.stream && context.scheme().has_one_entry) kind = lc::EntryKind::response;
  entry_ = cache.entry_name(key.response_name, kind);
  provider_ = key.provider;
  auto lookup = context.settle(cache.get(key, kind, context.deadline()));
  if (lookup) {
    warn_of_accepted(context, *lookup.entry);
  } else if (kind == lc::EntryKind::response && lookup.miss == lc::MissReason::absent && has_stream(context, key)) {
    context.report().say("the same request is stored as a stream: 'llmcache replay' reads it");
  } else if (const std::string others = other_endpoints(context, key.response_name); !others.empty()) {
    context.report().say(others);
  }
  return lookup;
}

// The name of a response is also the key of a stream.
lc::Lookup RequestArgument::find_name(Context& context, const std::string& argument, Naming naming,
                                      lc::EntryKind kind) {
  lc::Cache& cache = context.cache();
  const bool has_one_entry = context.scheme().has_one_entry;
  const std::string name = name_of_entry(context, argument, naming, kind);
  entry_ = has_one_entry && kind == lc::EntryKind::response ? name : cache.entry_name(name, kind);
  provider_ = context.key_options().provider.value_or("");
  auto lookup = cache.get_named(entry_, context.deadline());
  if (has_one_entry && entry_ != name && lookup && lookup->miss == lc::MissReason::absent) {
    entry_ = name;
    lookup = cache.get_named(entry_, context.deadline());
  }
  return context.settle(std::move(lookup));
}

void RequestArgument::explain(Context& context, const lc::Lookup& lookup, lc::EntryKind kind) const {
  request_ ? explain_miss(context, *request_, lookup, kind) : explain_missing_entry(context, entry_, lookup);
}

std::string RequestArgument::annotated(std::string_view stored) const {
  return checked(lc::bifrost::annotate(stored, provider_, entry_));
}

void require_bifrost(const Context& context, std::string_view option) {
  if (context.key_options().scheme == lc::KeyScheme::bifrost) return;
  usage_error(fmt::format("{} is for a gateway's entries: it needs --compat bifrost", option));
}

std::string keys_help() {
  return R"(The key of a request is {prefix}{session}_{hash}. The hash is the XXH3-128 of the canonical
request: sorted members, no white space, one spelling of each number and string (RFC 8785). Two
requests that mean the same to a JSON reader have the same key; any other difference counts.

Left out of the key: "stream" if it is true, what each --ignore pointer points to
(/messages/*/id: in every message), and with --no-model and --no-provider these two members.
--provider sets the provider. An entry remembers what was left out: it never answers a request
that did not have it.

The endpoint is part of the key where it is known: run takes it from the URL of curl, wget, http,
https, xh or xhs, and --endpoint sets it everywhere. API keys in a URL are not part of it. run does
not cache a request that has neither a "model" nor an endpoint.

  {key}                   the response, or the stream of an API that streams without being asked
  {key}_at_{16 digits}    the same for one endpoint
  ..._sample_{i}          sample i of it
  ..._stream              the stream of a request with "stream": true

  llmcache hash request.json                          the key
  llmcache hash --explain request.json                the effect of each member on it
  llmcache diff a.json b.json                         why two keys differ
  llmcache get --why request.json                     why a request missed
  llmcache hash --canonical request.json | xxh128sum  the hash, computed by public tools
)";
}

}  // namespace llmcache
