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
    for_each_entry(context, prefix_.value_or(context.key_options().prefix), filters_,
                   Progress::form_for(context.settings()), [&](const EntryValues& values) {
                     writer_.write(*target, to_session_.empty() ? values : moved(values, target->options().key),
                                   context.long_deadline());
                   });
    writer_.print_total(context, "copy", "copied");
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

  static EntryValues moved(const EntryValues& values, const lc::KeyOptions& options) {
    EntryValues moved;
    for (const lc::NamedEntry& value : values) moved.push_back(checked(lc::in_session(value, options)));
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
