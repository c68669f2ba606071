#include "why.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "config/values.h"
#include "nearest.h"
#include "ui/describe.h"
#include "ui/json_line.h"

namespace llmcache {

namespace lc = libcache;

namespace {

// What is wrong with the entry that was found.
std::string why_unusable(const lc::Lookup& lookup) {
  if (lookup.miss != lc::MissReason::expired) {
    return fmt::format("its entry cannot be used ({}): {}", to_string(lookup.miss), lookup.reason);
  }
  if (!lookup.expired) return "its entry has expired";
  return fmt::format("its entry expired {} ago", format_duration(lc::system_now() - *lookup.expired));
}

// For programs.
void print_json(const Context& context, const std::string& name, const lc::Lookup& lookup,
                const std::optional<Nearest>& nearest) {
  Json::Members members = {{"name", name}, {"miss", to_string(lookup.miss)}};
  if (lookup.expired) members.emplace_back("expired", format_time(*lookup.expired));
  if (!lookup.reason.empty()) members.emplace_back("reason", lookup.reason);
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

void explain_miss(Context& context, const std::string& request, const lc::Lookup& lookup,
                  std::optional<lc::EntryKind> asked) {
  const Report& report = context.report();
  const auto key = context.cache().key(request);
  if (!key) return report.warn(key.error().message);
  const auto kind = key->stream ? lc::EntryKind::stream : lc::EntryKind::response;
  const std::string& name = key->stream ? key->stream_name : key->response_name;
  if (lookup.miss != lc::MissReason::absent) return explain_missing_entry(context, name, lookup);
  if (!context.scheme().keeps_requests) {
    if (context.settings().json) return print_json(context, name, lookup, std::nullopt);
    return report.say("a gateway's entries hold no requests to compare with: compare two with 'llmcache diff'");
  }
  const auto nearest = find_nearest(context.cache().store(), context.key_options(), request, context.deadline());
  if (!nearest) return report.warn("cannot look for a similar request: " + nearest.error().message);
  if (context.settings().json) return print_json(context, name, lookup, *nearest);
  if (!*nearest) return report.say("no stored request to compare with in this session");
  report.say("nearest stored request: " + (*nearest)->name);
  if ((*nearest)->differences.empty()) {
    const auto scheme = context.key_options().scheme;
    return report.say(why_same_request_missed(*key, **nearest, asked.value_or(kind), scheme));
  }
  for (const std::string& line : describe((*nearest)->differences)) report.say("  " + line);
}

void explain_missing_entry(const Context& context, const std::string& name, const lc::Lookup& lookup) {
  if (context.settings().json) return print_json(context, name, lookup, std::nullopt);
  context.report().say(lookup.miss == lc::MissReason::absent ? "no entry is stored under this name"
                                                             : why_unusable(lookup));
}

}  // namespace llmcache
