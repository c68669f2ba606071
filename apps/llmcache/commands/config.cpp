#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "commands/all.h"
#include "config/files.h"
#include "ui/json_line.h"
#include "ui/table.h"
#include "ui/terminal.h"

namespace llmcache {

namespace {

// A value as it may be shown: a password is not.
std::string shown(const Resolved& row, const std::string& text) {
  if (row.setting->name == "password") return "***";
  if (row.setting->name != "store") return text;
  const auto url = libcache::StoreUrl::parse(text);
  return url ? url->redacted() : "(not a store URL)";
}

std::string shown(const Resolved& row) {
  std::vector<std::string> texts;
  for (const std::string& text : row.texts) texts.push_back(shown(row, text));
  return fmt::format("{}", fmt::join(texts, " "));
}

class Config : public Command {
 public:
  CommandHelp help() const override {
    return {"list [--origin] | get NAME | path",
            R"(Shows the configuration: every setting (list), one setting (get), or the path
of your configuration file (path).)",
            "config json",
            R"(  llmcache config list --origin
  llmcache config get ttl)"};
  }

  void declare(Options& options) override {
    options.positional("ACTION", action_, "list: every setting; get: one setting; path: where your file is", true);
    options.positional("NAME", name_, "the setting that get prints");
    options.flag("--origin", origin_, "with list: says where each value comes from");
  }

  Exit run(Context& context) override {
    if (action_ != "get" && !name_.empty()) usage_error(fmt::format("config {} takes no NAME", action_));
    if (action_ == "list") return list(context);
    if (action_ == "get") return get(context);
    if (action_ == "path") return path(context);
    usage_error(fmt::format("config cannot '{}': write list, get NAME or path", action_));
  }

 private:
  Exit list(Context& context) const {
    if (context.settings().json) {
      nlohmann::ordered_json all;
      for (const Resolved& row : context.resolved()) {
        all["settings"][std::string(row.setting->name)] = {{"value", shown(row)}, {"origin", row.origin}};
      }
      context.out().line(json_line("config", all));
      return Exit::success;
    }
    std::vector<std::string> headings{"NAME", "VALUE"};
    if (origin_) headings.emplace_back("ORIGIN");
    Table table(headings);
    for (const Resolved& row : context.resolved()) {
      std::vector<std::string> cells{std::string(row.setting->name), escaped(shown(row), false)};
      if (origin_) cells.push_back(escaped(row.origin, false));
      table.add(std::move(cells));
    }
    table.print(context.out());
    return Exit::success;
  }

  Exit get(Context& context) const {
    if (name_.empty()) usage_error("config get needs the NAME of a setting");
    std::vector<std::string> known;
    for (const Resolved& row : context.resolved()) {
      known.emplace_back(row.setting->name);
      if (row.setting->name != name_) continue;
      for (const std::string& text : row.texts) context.out().line(shown(row, text));
      return Exit::success;
    }
    const std::string near = nearest(name_, known);
    usage_error(fmt::format("there is no setting '{}'{}", name_, near.empty() ? "" : "; did you mean '" + near + "'?"));
  }

  static Exit path(Context& context) {
    const auto paths = find_config_paths();
    if (!paths.user) usage_error("neither XDG_CONFIG_HOME nor HOME says where your configuration is");
    context.out().line(paths.user->string());
    return Exit::success;
  }

  std::string action_;
  bool origin_ = false;
  std::string name_;
};

}  // namespace

std::unique_ptr<Command> make_config() {
  return std::make_unique<Config>();
}

}  // namespace llmcache
