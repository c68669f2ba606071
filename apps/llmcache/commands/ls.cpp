#include <algorithm>
#include <utility>

#include "cli/filters.h"
#include "commands/all.h"
#include "config/values.h"
#include "listing/overview.h"
#include "listing/row.h"
#include "listing/sorted.h"

namespace llmcache {

namespace {

namespace lc = libcache;

ListedEntry listed_entry(const lc::ScanRow& row, const lc::Result<lc::EntryHead>& head) {
  return {row.name, row.size, head ? std::optional(*head) : std::nullopt};
}

class Ls : public Command {
 public:
  CommandHelp help() const override {
    return {"[PREFIX] [filters]",
            R"(Lists the entries whose names start with PREFIX. On a terminal: the first digits
of the hash, kind, model, size, age, time left and what the user asked.
Elsewhere, and with --long: name, kind, model, size, age and time left,
separated by tabs. Without --sort the entries come in the order in which the
store has them.)",
            "store session endpoint prefix json",
            R"(  llmcache ls --session team --sort age --limit 20
  llmcache ls --grep 'capital of France' --json)"};
  }

  void declare(Options& options) override {
    options.positional("PREFIX", prefix_, "lists names that start with this, literally (default: the prefix option)")
        .may_be_empty = true;
    filters_.declare(options);
    options.flag("-0,--null", null_, "prints only the names, each ended by a NUL byte");
    options.flag(
        "-l,--long", long_,
        "prints more columns: finish reason, tokens, time of the origin, creation, session, hash, sample, endpoint");
    options
        .value("--sort", "BY", sort_,
               "sorts by name, age (newest first), size (largest first) or expires (soonest first)")
        .choices = names_of(kOrders);
    options.value("--limit", "N", limit_, "prints at most N entries");
    options.value("--fields", "A,B", fields_, "with --json: only these members, in this order");
  }

  Exit run(Context& context) override {
    context.only_reads();
    filters_.read(context);
    const auto lister = make_lister(context);
    const std::string prefix = prefix_.value_or(context.key_options().prefix);
    const std::uint64_t most = limit_ ? parse_count(*limit_, 1) : UINT64_MAX;
    if (!sort_.empty()) {
      list_sorted(context, prefix, most, *lister);
    } else {
      std::uint64_t listed = 0;
      filters_.for_each(context, prefix, [&](const lc::ScanRow& row, const auto& head) {
        if (is_left_out(context, row, head)) return true;
        lister->add(listed_entry(row, head));
        return ++listed < most;
      });
    }
    lister->finish();
    context.check_damage();
    return Exit::success;
  }

 private:
  static bool is_left_out(Context& context, const lc::ScanRow& row, const lc::Result<lc::EntryHead>& head) {
    return context.settings().strict && leave_out_damaged(context, row, head.has_value());
  }

  void list_sorted(Context& context, const std::string& prefix, std::uint64_t most, Lister& lister) const {
    Sorted sorted(parse_choice(sort_, kOrders));
    filters_.for_each(context, prefix, [&](const lc::ScanRow& row, const auto& head) {
      if (is_left_out(context, row, head)) return true;
      sorted.add(row, head ? &*head : nullptr);
      return true;
    });
    sorted.for_each(most, [&](const lc::ScanRow& row) { lister.add(listed_entry(row, context.cache().head(row))); });
  }

  std::unique_ptr<Lister> make_lister(Context& context) const {
    if (!fields_.empty() && !context.settings().json) usage_error("--fields needs --json");
    if (null_) return list_names(context);
    if (context.settings().json) return list_json(context, split(fields_, ','));
    if (context.out().is_terminal() && !long_) return list_overview(context);
    return list_columns(context, long_);
  }

  Filters filters_;
  std::optional<std::string> prefix_;
  bool null_ = false;
  bool long_ = false;
  std::string sort_;
  std::optional<std::string> limit_;
  std::string fields_;
};

}  // namespace

std::unique_ptr<Command> make_ls() {
  return std::make_unique<Ls>();
}

}  // namespace llmcache
