#include <fmt/format.h>
#include <libcache/diagnosis.h>
#include <libcache/key.h>

#include <algorithm>
#include <iterator>

#include "commands/all.h"
#include "config/bifrost_plugin.h"
#include "config/stores.h"
#include "ui/json_line.h"
#include "ui/terminal.h"

namespace llmcache {

namespace {

namespace lc = libcache;
using Grade = lc::Finding::Grade;

// A finding and its subject: "configuration" or the URL of a store.
struct Line {
  std::string about;
  lc::Finding finding;
};

const char* name_of(Grade grade) {
  switch (grade) {
    case Grade::pass:
      return "pass";
    case Grade::warn:
      return "warn";
    case Grade::fail:
      return "fail";
  }
  return "fail";
}

std::pair<const char*, Style> mark_of(Grade grade) {
  switch (grade) {
    case Grade::pass:
      return {"[PASS]", Style::green};
    case Grade::warn:
      return {"[WARN]", Style::yellow};
    case Grade::fail:
      break;
  }
  return {"[FAIL]", Style::red};
}

class Doctor : public Command {
 public:
  CommandHelp help() const override {
    return {"",
            R"(Checks the configuration and each store, and prints one line for each check:
[PASS], [WARN] or [FAIL], with what to do about it. Exits with 1 if a check
failed.)",
            "store prefix json deadline",
            R"(  llmcache doctor
  llmcache doctor --store redis://cache.example.com)"};
  }

  void declare(Options&) override {}
  bool reports_settings_error() const override { return true; }

  Exit run(Context& context) override {
    check_configuration(context);
    if (context.settings_error().empty()) check_stores(context);
    context.settings().json ? print_json(context) : print(context);
    const bool failed = std::ranges::any_of(lines_, [](const Line& line) { return line.finding.grade == Grade::fail; });
    return failed ? Exit::no : Exit::success;
  }

 private:
  void add(std::string about, lc::Finding finding) { lines_.push_back({std::move(about), std::move(finding)}); }

  void check_configuration(const Context& context) {
    if (const std::string& error = context.settings_error(); !error.empty()) {
      add("configuration", {Grade::fail, "settings", error, "correct it; the store is not checked until then"});
      return;
    }
    const auto before = lines_.size();
    for (const std::string& warning : context.warnings()) {
      add("configuration", {Grade::warn, "settings", warning, "correct or remove it"});
    }
    for (const std::string& caution :
         store_cautions(context.settings(), context.resolved(), store_urls(context.settings()))) {
      add("configuration", {Grade::warn, "store", caution, ""});
    }
    for (const std::string& caution : gateway_cautions(context.settings())) {
      add("configuration", {Grade::warn, "keys", caution, "use a name without these characters"});
    }
    if (const auto deriver = lc::KeyDeriver::create(context.key_options()); !deriver) {
      add("configuration", {Grade::fail, "keys", deriver.error().message, "correct the setting"});
    }
    if (!context.scheme().keeps_requests) {
      add("configuration", {Grade::warn, "keys",
                            "a gateway's keys leave out much of a request and can be forged (XXH64), and its entries "
                            "hold no request, so that a hit cannot be verified",
                            "see docs/bifrost.md; native entries are verified on every hit"});
    }
    if (lines_.size() == before) add("configuration", {Grade::pass, "settings", "no problems", ""});
  }

  void check_stores(Context& context) {
    const auto urls = store_urls(context.settings());
    const auto options = context.store_options(urls);
    for (const lc::StoreUrl& url : urls) check_store(context, url, options);
  }

  void check_store(Context& context, const lc::StoreUrl& url, const lc::StoreOptions& options) {
    const auto store = checked_option(lc::open_store(url, options));
    const lc::DiagnosisOptions diagnosis{.prefix = context.key_options().prefix, .read_only = url.read_only};
    auto findings = store->diagnose(diagnosis, deadline(context));
    const bool reached = std::ranges::none_of(findings, [](const lc::Finding& finding) {
      return finding.check == "connection" && finding.grade == Grade::fail;
    });
    if (reached && is_server(url)) {
      std::ranges::move(lc::diagnose_names(*store, diagnosis.prefix, deadline(context)), std::back_inserter(findings));
    }
    for (lc::Finding& finding : findings) add(url.redacted(), std::move(finding));
  }

  // The default of --deadline is meant for one entry.
  static lc::Deadline deadline(Context& context) {
    return context.is_set("deadline") ? context.deadline() : lc::Deadline::after(std::chrono::seconds(30));
  }

  void print(Context& context) const {
    Output& out = context.out();
    const std::string* about = nullptr;
    for (const Line& line : lines_) {
      if (about == nullptr || *about != line.about) out.line(escaped(line.about, false), Style::bold);
      about = &line.about;
      const auto [mark, style] = mark_of(line.finding.grade);
      out.print(mark, style);
      out.line(fmt::format(" {}: {}", line.finding.check, escaped(line.finding.message, false)));
      if (!line.finding.advice.empty()) out.line("       " + escaped(line.finding.advice, false));
    }
  }

  void print_json(Context& context) const {
    for (const auto& [about, finding] : lines_) {
      context.out().line(json_line("doctor", {{"about", about},
                                              {"check", finding.check},
                                              {"grade", name_of(finding.grade)},
                                              {"message", finding.message},
                                              {"advice", finding.advice}}));
    }
  }

  std::vector<Line> lines_;
};

}  // namespace

std::unique_ptr<Command> make_doctor() {
  return std::make_unique<Doctor>();
}

}  // namespace llmcache
