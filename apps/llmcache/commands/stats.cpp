#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fnmatch.h>
#include <libcache/statistics.h>

#include <chrono>
#include <utility>

#include "cli/filters.h"
#include "commands/all.h"
#include "config/values.h"
#include "stats/display.h"
#include "stats/export.h"
#include "ui/terminal.h"

namespace llmcache {

namespace {

namespace lc = libcache;

constexpr Choice<Dimension> kDimensions[] = {{"model", Dimension::model},
                                             {"session", Dimension::session},
                                             {"endpoint", Dimension::endpoint},
                                             {"day", Dimension::day}};

bool matches(const std::string& glob, const std::string& text) {
  return ::fnmatch(glob.c_str(), text.c_str(), 0) == 0;
}

class Stats : public Command {
 public:
  CommandHelp help() const override {
    return {"[--since D] [--by DIMENSION] [filters]",
            R"(Shows what the cache has done and saved: hits, misses, stored and refused
answers, tokens and time. Counted across processes and machines by get, put,
replay, run and serve, by day, model, session and endpoint, and kept with the
store for 400 days. With a filter by anything else, such as --kind, it counts
the stored entries.)",
            "store session endpoint prefix json stats",
            R"(  llmcache stats --since 7d --by model
  llmcache stats --prices prices.json)"};
  }

  void declare(Options& options) override {
    options.value("--since", "D", since_, "only the days since then, as 7d; days are those of UTC");
    options.value("--by", "DIMENSION", by_, "a row for each model, session, endpoint or day").choices =
        names_of(kDimensions);
    options.value("--top", "N", top_, "with --by: only the N rows with most hits, or the last N days");
    filters_.declare(options);
    options.value("--prices", "FILE", prices_, "also shows the money saved: FILE has prices per million tokens");
    options.flag("--prometheus", prometheus_, "prints the text format of Prometheus");
    options.flag("--zero", zero_, "forgets everything that was counted");
  }

  Exit run(Context& context) override {
    if (!zero_) context.only_reads();
    at_most_one({{"--prometheus", prometheus_}, {"--json", context.settings().json}});
    if (top_ && by_.empty()) usage_error("--top needs --by");
    filters_.read(context);
    if (filters_.by_entry()) return count_entries(context);
    const Dimension by = by_.empty() ? Dimension::none : parse_choice(by_, kDimensions);
    const auto since = first_day();
    const auto prices = prices_.empty() ? std::nullopt : std::optional(Prices::read(prices_, context.deadline()));
    lc::Statistics* const statistics = context.cache().store().statistics();
    if (statistics == nullptr) throw Failure(Exit::usage, "this store keeps no statistics");
    const std::string& prefix = context.key_options().prefix;
    if (zero_) return zero(context, *statistics);
    auto rows = checked(statistics->read(prefix, since, context.deadline()));
    std::erase_if(rows, [&](const lc::StatisticsRow& row) { return !selects(context, row); });
    Summary summary = summarize(rows, by, prices ? &*prices : nullptr);
    limit(summary);
    if (!is_filtered(context)) summary.size = checked(context.cache().store().size(context.deadline()));
    print(context, summary);
    return Exit::success;
  }

 private:
  Exit count_entries(Context& context) const {
    if (!since_.empty() || !by_.empty() || !prices_.empty() || prometheus_ || zero_) {
      usage_error(
          "--since, --by, --prices, --prometheus and --zero cannot be combined with filters by entry: uses are counted "
          "by "
          "day, model, session and endpoint only");
    }
    lc::StoreSize size;
    filters_.for_each(context, context.key_options().prefix, [&](const lc::ScanRow& row, const auto&) {
      ++size.values;
      size.bytes += row.size;
      return true;
    });
    if (context.settings().json) {
      context.out().line(json_of(size));
    } else {
      display(size, context.out(), terminal_columns());
    }
    return Exit::success;
  }

  std::chrono::sys_days first_day() const {
    if (since_.empty()) return {};
    return std::chrono::floor<std::chrono::days>(lc::system_now() - parse_duration(since_));
  }

  Exit zero(Context& context, lc::Statistics& statistics) const {
    if (is_filtered(context) || !by_.empty()) usage_error("--zero cannot be combined with filters or --by");
    checked(context.cache().store().size(context.deadline()));  // fails if the store is not one of ours
    checked(statistics.reset(context.key_options().prefix, context.deadline()));
    if (context.settings().json) {
      print(context, summarize({}, Dimension::none, nullptr));
    } else {
      context.report().say("the statistics are empty now");
    }
    return Exit::success;
  }

  bool is_filtered(const Context& context) const {
    return !since_.empty() || !filters_.model().empty() || context.is_set("session") || context.is_flag("endpoint");
  }

  bool selects(const Context& context, const lc::StatisticsRow& row) const {
    if (context.is_set("session") && row.session != context.key_options().session) return false;
    if (context.is_flag("endpoint") && !matches(context.settings().endpoint, row.endpoint)) return false;
    return filters_.model().empty() || matches(filters_.model(), row.model);
  }

  void limit(Summary& summary) const {
    if (!top_) return;
    const auto most = parse_count(*top_, 1);
    auto& groups = summary.groups;
    if (groups.size() <= most) return;
    const auto surplus = static_cast<std::ptrdiff_t>(groups.size() - most);
    if (summary.by == Dimension::day) {
      groups.erase(groups.begin(), groups.begin() + surplus);
    } else {
      groups.erase(groups.end() - surplus, groups.end());
    }
  }

  void print(Context& context, const Summary& summary) const {
    if (prometheus_) return context.out().print(prometheus_of(summary));
    if (context.settings().json) return context.out().line(json_of(summary));
    display(summary, context.out(), terminal_columns());
    if (summary.without_price.empty() || !summary.priced) return;
    std::vector<std::string> models;
    for (const std::string& model : summary.without_price) models.push_back(quoted_if_odd(model));
    context.report().warn(fmt::format("{} has no price for {}", prices_, fmt::join(models, ", ")));
  }

  std::string since_;
  std::string by_;
  std::optional<std::string> top_;
  Filters filters_;
  std::string prices_;
  bool prometheus_ = false;
  bool zero_ = false;
};

}  // namespace

std::unique_ptr<Command> make_stats() {
  return std::make_unique<Stats>();
}

}  // namespace llmcache
