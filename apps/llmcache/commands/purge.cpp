#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <thread>
#include <utility>

#include "cli/filters.h"
#include "commands/all.h"
#include "config/stores.h"
#include "config/values.h"
#include "process/signals.h"
#include "ui/describe.h"
#include "ui/json_line.h"
#include "ui/progress.h"
#include "ui/terminal.h"

namespace llmcache {

namespace {

namespace lc = libcache;

// "N/s" or "N": entries a second.
std::uint64_t parse_rate(std::string_view text) {
  const std::uint64_t rate = parse_count(text.ends_with("/s") ? text.substr(0, text.size() - 2) : text);
  if (rate == 0) usage_error("the rate must be at least 1/s");
  return rate;
}

class Purge : public Command {
 public:
  CommandHelp help() const override {
    return {"[--dry-run] [--yes] [PREFIX] [filters]",
            R"(Removes the entries whose names start with PREFIX, taken literally. With a
filter (such as --session or --older-than), PREFIX defaults to the prefix
setting. On a terminal it asks for confirmation; elsewhere it needs --yes.)",
            "store session endpoint prefix json",
            R"(  llmcache purge --dry-run --older-than 7d llmcache:
  llmcache purge --yes --session test)"};
  }

  void declare(Options& options) override {
    options.positional("PREFIX", prefix_, "removes entries whose names start with this, literally").may_be_empty = true;
    filters_.declare(options);
    options.flag("-n,--dry-run", dry_run_, "lists what would be removed, and removes nothing");
    options.value("--max-delete", "N", max_delete_, "removes nothing if it would be more than N entries");
    options.value("--rate", "N/s", rate_, "removes at most N entries per second");
    options.flag("-y,--yes", yes_, "does not ask for confirmation");
    options.flag("--all", all_, "needs no PREFIX: removes every entry in the store");
  }

  Exit run(Context& context) override {
    if (dry_run_) context.only_reads();
    filters_.read(context);
    lc::PurgeFilter filter = make_filter(context);
    const auto result =
        dry_run_ ? checked(context.cache().purge(filter, context.long_deadline())) : remove(context, filter);
    print_total(context, result);
    const bool looks_wrong = prefix_ && (!prefix_->starts_with(context.key_options().prefix) ||
                                         prefix_->find_first_of("*?[") != std::string::npos);
    if (result.entries == 0 && looks_wrong) {
      context.report().say(fmt::format("PREFIX is taken literally, and names begin with '{}'",
                                       escaped(context.key_options().prefix, false)));
    }
    return result.entries > 0 ? Exit::success : Exit::no;
  }

 private:
  lc::PurgeFilter make_filter(Context& context) {
    lc::PurgeFilter filter;
    filter.prefix = prefix(context);
    filter.all = all_;
    filter.dry_run = dry_run_;
    if (!max_delete_.empty()) filter.max_delete = parse_count(max_delete_);
    filter.session_only = context.is_set("session");
    if (filters_.needs_head()) {
      filter.accept = [this, &context](const lc::ScanRow& row, const lc::EntryHead& head) {
        return filters_.accept(context, row, head);
      };
    }
    if (!rate_.empty()) filter.batch = std::clamp<std::size_t>(parse_rate(rate_) / 10, 1, filter.batch);
    if (!dry_run_) return filter;
    filter.on_batch = [&context](std::span<const lc::ScanRow> batch) {
      for (const lc::ScanRow& listing : batch) list(context, listing);
      return true;
    };
    return filter;
  }

  // The prefix of the names to be removed. Throws a Failure (usage) if neither it nor a filter was given.
  std::string prefix(const Context& context) const {
    const bool session = context.is_flag("session");
    const bool filtered = session || filters_.needs_head();
    if (!prefix_ && !filtered && !all_) {
      usage_error("purge needs a PREFIX or a filter, such as --session; to remove every entry of the store: --all");
    }
    const std::string prefix = prefix_.value_or(filtered ? context.key_options().prefix : "");
    if (prefix.empty() && !session && !all_) {
      usage_error("the empty PREFIX matches every entry of the store: this needs --session or --all");
    }
    return prefix;
  }

  static void list(Context& context, const lc::ScanRow& listing) {
    if (!context.settings().json) return context.out().line(context.out().name(listing.name));
    Json::Members row = describe_name(listing.name, context.key_options());
    row.emplace_back("stored_bytes", listing.size);
    context.out().line(json_line("entry", row));
  }

  // Counts the entries that a purge would remove.
  static lc::PurgeResult count(Context& context, lc::PurgeFilter filter) {
    filter.dry_run = true;
    filter.on_batch = nullptr;
    return checked(context.cache().purge(filter, context.long_deadline()));
  }

  lc::PurgeResult remove(Context& context, lc::PurgeFilter& filter) const {
    const auto form = Progress::form_for(context.settings());
    if (!yes_) check_terminal();
    lc::PurgeResult expected;
    if (!yes_ || form != Progress::Form::none) expected = count(context, filter);
    if (!yes_ && expected.entries == 0) return expected;
    if (!yes_) confirm(context, expected);
    Progress progress(form, expected.entries);
    const auto start = std::chrono::steady_clock::now();
    std::uint64_t removed = 0;
    std::uint64_t handed_over = 0;
    Interruption interruption;
    filter.on_batch = [&](std::span<const lc::ScanRow> batch) {
      if (interruption.arrived()) return false;
      removed = std::exchange(handed_over, handed_over + batch.size());
      progress.show(removed);
      if (!rate_.empty()) {
        std::this_thread::sleep_until(start + std::chrono::milliseconds(1000 * handed_over / parse_rate(rate_)));
      }
      return true;
    };
    const auto result = context.cache().purge(filter, context.long_deadline());
    if (!result && removed > 0) {
      throw Failure({result.error().code, fmt::format("{} ({} entries were removed; run the same again for the rest)",
                                                      result.error().message, removed)});
    }
    if (!result) throw Failure(result.error());
    progress.finish(result->entries);
    if (interruption.arrived()) {
      print_total(context, *result);
      context.report().warn("interrupted; run the same again for the rest");
      context.out().flush();
      interruption.pass_on();
    }
    return *result;
  }

  static void check_terminal() {
    if (is_terminal(STDIN_FILENO) && is_terminal(STDERR_FILENO)) return;
    usage_error("nothing was removed: without a terminal it needs --yes (or --dry-run to see what would be removed)");
  }

  void confirm(const Context& context, const lc::PurgeResult& total) const {
    std::string stores;
    for (const lc::StoreUrl& url : store_urls(context.settings()))
      stores += (stores.empty() ? "" : ", ") + url.redacted();
    const std::string session =
        context.is_set("session") ? fmt::format(" of session '{}'", escaped(context.key_options().session, false)) : "";
    std::cerr << fmt::format("Remove {} {} ({}) under '{}'{} from {}? [y/N] ", total.entries,
                             total.entries == 1 ? "entry" : "entries", format_size(total.bytes),
                             escaped(prefix(context), false), session, escaped(stores, false));
    std::string answer;
    std::getline(std::cin, answer);
    if (answer != "y" && answer != "Y" && answer != "yes") throw Failure(Exit::no, "nothing was removed");
  }

  void print_total(Context& context, const lc::PurgeResult& result) const {
    if (context.settings().json) {
      context.out().line(
          json_line("purge", {{"dry_run", dry_run_}, {"entries", result.entries}, {"bytes", result.bytes}}));
      return;
    }
    context.report().say(fmt::format("{} {} {} ({})", dry_run_ ? "would remove" : "removed", result.entries,
                                     result.entries == 1 ? "entry" : "entries", format_size(result.bytes)));
  }

  Filters filters_;
  std::optional<std::string> prefix_;
  bool dry_run_ = false;
  std::string max_delete_;
  std::string rate_;
  bool yes_ = false;
  bool all_ = false;
};

}  // namespace

std::unique_ptr<Command> make_purge() {
  return std::make_unique<Purge>();
}

}  // namespace llmcache
