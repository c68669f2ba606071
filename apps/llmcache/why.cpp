#include "why.h"

#include "nearest.h"

namespace llmcache {

namespace lc = libcache;

namespace {

// Why a request missed although the stored one under `name` does not differ.
std::string why_equal(const lc::RequestKey& key, const std::string& name) {
  if (name == key.stream_name) return "it is the same request, stored as a stream: 'llmcache replay' reads it";
  if (name == key.response_name) return "it has the same key: its entry has expired or is damaged";
  return "it is the same request under other options: compare --endpoint, --sample, --provider, --no-model, "
         "--no-provider and --ignore";
}

}  // namespace

void explain_miss(Context& context, const std::string& request) {
  if (!context.scheme().keeps_requests) {
    context.report().say("a gateway's entries hold no requests to compare with: compare two with 'llmcache diff'");
    return;
  }
  const auto found = find_nearest(context.cache().store(), context.key_options(), request, context.deadline());
  if (!found) {
    context.report().warn("cannot look for a similar request: " + found.error().message);
    return;
  }
  const auto& nearest = *found;
  if (!nearest) {
    context.report().say("no stored request to compare with in this session");
    return;
  }
  context.report().say("nearest stored request: " + nearest->name);
  if (nearest->differences.empty()) {
    context.report().say(why_equal(checked(context.cache().key(request)), nearest->name));
    return;
  }
  for (const std::string& line : describe(nearest->differences)) context.report().say("  " + line);
}

}  // namespace llmcache
