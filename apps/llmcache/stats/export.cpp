#include "stats/export.h"

#include <fmt/format.h>

#include <functional>

#include "ui/json_line.h"
#include "ui/terminal.h"

namespace llmcache {

namespace lc = libcache;

namespace {

const char* name_of(Dimension by) {
  switch (by) {
    case Dimension::model:
      return "model";
    case Dimension::session:
      return "session";
    case Dimension::endpoint:
      return "endpoint";
    case Dimension::day:
      return "day";
    case Dimension::none:
      break;
  }
  return "";
}

template <class Reason, std::size_t N>
Json by_reason(const std::array<std::uint64_t, N>& counts) {
  Json::Members members;
  for (std::size_t i = 0; i < N; ++i) {
    const auto reason = to_string(static_cast<Reason>(i));
    if (reason != "none") members.emplace_back(std::string(reason), counts[i]);
  }
  return Json::object(members);
}

Json::Members members_of(const Group& group, bool priced) {
  const lc::Counters& counters = group.counters;
  Json::Members members{{"lookups", group.lookups()},
                        {"hits", counters.hits},
                        {"followed", counters.followed},
                        {"misses", by_reason<lc::MissReason>(counters.misses)},
                        {"failed_lookups", counters.failed_lookups},
                        {"stored", counters.stored},
                        {"refused", by_reason<lc::Refusal>(counters.refused)},
                        {"dropped", counters.dropped},
                        {"store_errors", counters.store_errors},
                        {"hit_bytes", counters.hit_bytes},
                        {"stored_bytes", counters.stored_bytes},
                        {"prompt_tokens", counters.prompt_tokens},
                        {"cached_tokens", counters.cached_tokens},
                        {"completion_tokens", counters.completion_tokens},
                        {"saved_ms", counters.saved_ms}};
  if (priced) members.emplace_back("saved_money", Json::raw(fmt::format("{:.6f}", group.money)));
  return members;
}

// Within quotes. What could disturb a terminal is written as an escape first.
std::string label_value(const std::string& text) {
  std::string value;
  for (const char c : escaped(text, false)) {
    if (c == '\\' || c == '"') value += '\\';
    value += c;
  }
  return value;
}

class Families {
 public:
  explicit Families(const Summary& summary) : summary_(summary) {}

  void family(const std::string& name, const std::string& help) {
    name_ = name;
    text_ += fmt::format("# HELP {} {}\n# TYPE {} counter\n", name, help, name);
  }
  // One sample for each group.
  void samples(const std::string& label, const std::function<std::string(const Group&)>& value) {
    if (summary_.by == Dimension::none) return sample(label, value(summary_.total));
    for (const Group& group : summary_.groups) {
      const std::string own = fmt::format("{}=\"{}\"", name_of(summary_.by), label_value(group.name));
      sample(label.empty() ? own : own + "," + label, value(group));
    }
  }
  void counts(const std::string& label, const std::function<std::uint64_t(const Group&)>& value) {
    samples(label, [&](const Group& group) { return std::to_string(value(group)); });
  }
  template <class Reason, std::size_t N>
  void reasons(std::array<std::uint64_t, N> lc::Counters::* counts_by_reason) {
    for (std::size_t i = 0; i < N; ++i) {
      const auto reason = to_string(static_cast<Reason>(i));
      if (reason == "none") continue;
      counts(fmt::format("reason=\"{}\"", reason), [&](const Group& g) { return (g.counters.*counts_by_reason)[i]; });
    }
  }
  const std::string& text() const { return text_; }

 private:
  void sample(const std::string& labels, const std::string& value) {
    text_ += labels.empty() ? fmt::format("{} {}\n", name_, value) : fmt::format("{}{{{}}} {}\n", name_, labels, value);
  }

  const Summary& summary_;
  std::string name_;
  std::string text_;
};

}  // namespace

namespace {

Json entries_json(const lc::StoreSize& size) {
  return Json::object({{"count", size.values}, {"bytes", size.bytes}});
}

}  // namespace

std::string json_of(const lc::StoreSize& entries) {
  return json_line("stats", {{"entries", entries_json(entries)}});
}

std::string json_of(const Summary& summary) {
  Json::Members members;
  if (summary.first) {
    members.emplace_back("first_day", text_of(*summary.first));
    members.emplace_back("last_day", text_of(*summary.last));
  }
  if (summary.size) {
    members.emplace_back("entries", entries_json(*summary.size));
  }
  members.emplace_back("total", Json::object(members_of(summary.total, summary.priced)));
  if (summary.by != Dimension::none) {
    std::vector<Json> groups;
    for (const Group& group : summary.groups) {
      Json::Members row{{name_of(summary.by), group.name}};
      for (auto& member : members_of(group, summary.priced)) row.push_back(std::move(member));
      groups.push_back(Json::object(row));
    }
    members.emplace_back("by", name_of(summary.by));
    members.emplace_back("groups", Json::array(groups));
  }
  if (summary.priced) {
    members.emplace_back("models_without_price",
                         Json::array({summary.without_price.begin(), summary.without_price.end()}));
  }
  return json_line("stats", members);
}

std::string prometheus_of(const Summary& summary) {
  Families families(summary);
  families.family("llmcache_lookups_total", "Lookups by outcome.");
  families.counts("outcome=\"hit\"", [](const Group& g) { return g.counters.hits; });
  families.counts("outcome=\"followed\"", [](const Group& g) { return g.counters.followed; });
  families.counts("outcome=\"miss\"", [](const Group& g) { return g.misses(); });
  families.counts("outcome=\"failed\"", [](const Group& g) { return g.counters.failed_lookups; });
  families.family("llmcache_misses_total", "Lookups without an answer, by reason.");
  families.reasons<lc::MissReason>(&lc::Counters::misses);
  families.family("llmcache_refused_total", "Answers that were not stored, by reason.");
  families.reasons<lc::Refusal>(&lc::Counters::refused);
  families.family("llmcache_stored_total", "Answers that were stored.");
  families.counts("", [](const Group& g) { return g.counters.stored; });
  families.family("llmcache_store_errors_total", "Operations of the store that failed.");
  families.counts("", [](const Group& g) { return g.counters.store_errors; });
  families.family("llmcache_hit_bytes_total", "Bytes of answers served from the cache.");
  families.counts("", [](const Group& g) { return g.counters.hit_bytes; });
  families.family("llmcache_stored_bytes_total", "Bytes of entries that were stored.");
  families.counts("", [](const Group& g) { return g.counters.stored_bytes; });
  families.family("llmcache_saved_tokens_total", "Tokens of answers served from the cache.");
  families.counts("kind=\"prompt\"", [](const Group& g) { return g.counters.prompt_tokens; });
  families.counts("kind=\"cached\"", [](const Group& g) { return g.counters.cached_tokens; });
  families.counts("kind=\"completion\"", [](const Group& g) { return g.counters.completion_tokens; });
  families.family("llmcache_saved_seconds_total", "Time that the answers served from the cache had taken.");
  families.samples(
      "", [](const Group& g) { return fmt::format("{:.3f}", static_cast<double>(g.counters.saved_ms) / 1000); });
  if (summary.priced) {
    families.family("llmcache_saved_money_total", "Price of the saved tokens.");
    families.samples("", [](const Group& g) { return fmt::format("{:.6f}", g.money); });
  }
  if (!summary.size) return families.text();
  return families.text() + fmt::format(
                               "# HELP llmcache_entries Entries in the store.\n# TYPE llmcache_entries gauge\n"
                               "llmcache_entries {}\n"
                               "# HELP llmcache_entries_bytes Bytes that they take.\n"
                               "# TYPE llmcache_entries_bytes gauge\nllmcache_entries_bytes {}\n",
                               summary.size->values, summary.size->bytes);
}

}  // namespace llmcache
