#include "why.h"

#include "nearest.h"
#include "ui/json_line.h"

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

// For programs: where the nearest stored request differs.
void print_nearest(const Context& context, const std::string& name, const std::optional<Nearest>& nearest) {
  Json::Members members = {{"name", name}};
  if (nearest) {
    std::vector<Json> differences;
    for (const lc::Difference& difference : nearest->differences) {
      Json::Members members_of = {{"pointer", difference.pointer}};
      if (difference.left) members_of.emplace_back("stored", Json::raw(*difference.left));
      if (difference.right) members_of.emplace_back("asked", Json::raw(*difference.right));
      differences.push_back(Json::object(members_of));
    }
    members.emplace_back("nearest", Json::object({{"name", nearest->name}, {"differences", Json::array(differences)}}));
  }
  context.report().say(json_line("miss", members));
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
  if (context.settings().json) {
    const lc::RequestKey key = checked(context.cache().key(request));
    return print_nearest(context, key.stream ? key.stream_name : key.response_name, nearest);
  }
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
