#include <fmt/format.h>
#include <libcache/open.h>

#include <optional>
#include <utility>

#include "cli/filters.h"
#include "commands/all.h"
#include "config/stores.h"
#include "transfer/entries.h"

namespace llmcache {

namespace {

namespace lc = libcache;

class Copy : public Command {
 public:
  CommandHelp help() const override {
    return {"--to URL [--to-session S] [PREFIX] [filters]",
            R"(Copies the entries whose names start with PREFIX to another store, with the time
that they have left. Run it again to go on after an interruption.)",
            "store session endpoint prefix json",
            R"(  llmcache copy --to redis://cache.example.com
  llmcache copy --session alice --to dir:fixtures --to-session default --model 'gpt-4o*')"};
  }

  void declare(Options& options) override {
    options.positional("PREFIX", prefix_, "copies names that start with this, literally (default: the prefix option)")
        .may_be_empty = true;
    options.value("--to", "URL", to_, "the store that gets the copies").required = true;
    options.value("--to-session", "S", to_session_, "gives the copies this session");
    filters_.declare(options);
    writer_.declare(options);
  }

  Exit run(Context& context) override {
    if (to_.empty()) usage_error("copy needs --to URL");
    context.only_reads();
    filters_.read(context);
    const auto target = open_target(context);
    Interruption interruption;
    std::uint64_t left_out = 0;
    std::string first_reason;
    for_each_entry(context, prefix_.value_or(context.key_options().prefix), filters_,
                   Progress::form_for(context.settings()), &interruption, [&](const EntryValues& values) {
                     if (to_session_.empty()) return writer_.write(*target, values, context.long_deadline());
                     const auto moved = in_session(values, target->options().key);
                     if (moved) return writer_.write(*target, *moved, context.long_deadline());
                     if (left_out++ == 0)
                       first_reason = fmt::format("{}: {}", values.front().name, moved.error().message);
                   });
    writer_.print_total(context, "copy", "copied");
    if (left_out > 0) {
      context.report().warn(
          fmt::format("{} {} left out ({})", left_out, left_out == 1 ? "entry is" : "entries are", first_reason));
    }
    if (interruption.arrived()) {
      context.report().warn("interrupted; run the same again for the rest");
      context.out().flush();
      interruption.pass_on();
    }
    context.check_damage();
    return Exit::success;
  }

 private:
  std::unique_ptr<lc::Cache> open_target(Context& context) const {
    const std::vector<lc::StoreUrl> urls{parse_store(to_)};
    for (const std::string& caution : store_cautions(context.settings(), context.resolved(), urls)) {
      context.report().warn(caution);
    }
    lc::CacheOptions options = context.settings().cache;
    options.keep_statistics = false;
    if (!to_session_.empty()) options.key.session = to_session_;
    if (!context.is_set("on_secret")) {  // then the kind of store decides, and not of the one that is read
      const bool keeps_files = urls.front().kind == lc::StoreUrl::Kind::dir;
      options.policy.on_secret = keeps_files ? lc::OnSecret::refuse : lc::OnSecret::allow;
    }
    auto store = checked_option(lc::open_stores(urls, context.store_options(urls)));
    return checked_option(lc::Cache::create(std::move(store), std::move(options)));
  }

  static lc::Result<EntryValues> in_session(const EntryValues& values, const lc::KeyOptions& options) {
    EntryValues moved;
    for (const lc::NamedEntry& value : values) {
      auto one = lc::in_session(value, options);
      if (!one) return lc::fail(std::move(one.error()));
      moved.push_back(*std::move(one));
    }
    return moved;
  }

  Filters filters_;
  EntryWriter writer_;
  std::optional<std::string> prefix_;
  std::string to_;
  std::string to_session_;
};

}  // namespace

std::unique_ptr<Command> make_copy() {
  return std::make_unique<Copy>();
}

}  // namespace llmcache
