#include <fmt/format.h>
#include <fmt/ranges.h>

#include "commands/all.h"
#include "config/files.h"
#include "ui/json_line.h"
#include "ui/table.h"
#include "ui/terminal.h"

namespace llmcache {

namespace {

// The values without passwords.
std::vector<std::string> shown(const Setting& setting, std::vector<std::string> texts) {
  for (std::string& text : texts) {
    if (setting.name == "password") text = "***";
    if (setting.name == "endpoint") text = libcache::normal_endpoint(text).value_or("(not an endpoint)");
    if (setting.field.kind != ValueKind::store_urls) continue;
    const auto url = libcache::StoreUrl::parse(text);
    text = url ? url->redacted() : "(not a store URL)";
  }
  return texts;
}

std::string shown(const Resolved& row) {
  return fmt::format("{}", fmt::join(shown(*row.setting, row.texts_or_default()), " "));
}

// In the type that a configuration file would use.
Json typed(const Setting& setting, const Settings& settings) {
  const auto texts = shown(setting, setting.field.texts(settings));
  if (setting.is_list()) return Json::array({texts.begin(), texts.end()});
  if (texts.empty()) return Json::raw("null");
  const bool is_text = setting.field.kind == ValueKind::text || setting.field.kind == ValueKind::path;
  return is_text ? Json(texts.back()) : Json::raw(texts.back());
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
    options.positional("ACTION", action_, "list: every setting; get: one setting; path: the path of your file", true)
        .choices = {"list", "get", "path"};
    options.positional("NAME", names_, "the setting that get prints");
    options.flag("--origin", origin_, "with list: shows where each value comes from");
  }

  Exit run(Context& context) override {
    if (action_ == "set") {
      const std::string name = names_.empty() ? "a setting" : names_.front();
      usage_error(fmt::format("config can list, get and path; to set {}, edit {}", name, user_path()));
    }
    if (action_ != "list" && action_ != "get" && action_ != "path") {
      usage_error(fmt::format("unknown config action '{}' (list, get NAME, path)", action_));
    }
    if (names_.size() != (action_ == "get" ? 1 : 0)) usage_error("usage: llmcache config list | get NAME | path");
    return action_ == "list" ? list(context) : action_ == "get" ? get(context, names_.front()) : path(context);
  }

 private:
  Exit list(Context& context) const {
    if (context.settings().json) {
      Json::Members settings;
      for (const Resolved& row : context.resolved()) {
        settings.emplace_back(row.setting->name, Json::object({{"value", typed(*row.setting, context.settings())},
                                                               {"origin", row.origin}}));
      }
      context.out().line(json_line("config", {{"settings", Json::object(settings)}}));
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

  static Exit get(Context& context, const std::string& name) {
    std::vector<std::string> known;
    for (const Resolved& row : context.resolved()) {
      known.emplace_back(row.setting->name);
      if (row.setting->name != name) continue;
      if (context.settings().json) {
        const Json value = typed(*row.setting, context.settings());
        context.out().line(json_line("setting", {{"name", name}, {"value", value}, {"origin", row.origin}}));
      } else {
        for (const std::string& text : shown(*row.setting, row.texts_or_default())) context.out().line(text);
      }
      return Exit::success;
    }
    const std::string near = nearest(name, known);
    usage_error(fmt::format("unknown setting '{}'{}", name, near.empty() ? "" : "; did you mean '" + near + "'?"));
  }

  static std::string user_path() {
    const auto paths = find_config_paths();
    if (!paths.user) usage_error("you have no configuration file, since neither XDG_CONFIG_HOME nor HOME is set");
    return paths.user->string();
  }

  static Exit path(Context& context) {
    const std::string path = user_path();
    context.out().line(context.settings().json ? json_line("path", {{"path", path}}) : path);
    return Exit::success;
  }

  std::string action_;
  bool origin_ = false;
  std::vector<std::string> names_;
};

}  // namespace

std::unique_ptr<Command> make_config() {
  return std::make_unique<Config>();
}

}  // namespace llmcache
