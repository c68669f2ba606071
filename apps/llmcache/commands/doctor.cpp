#include <fmt/format.h>
#include <libcache/diagnosis.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "commands/all.h"
#include "config/bifrost_plugin.h"
#include "config/stores.h"
#include "ui/json_line.h"
#include "ui/terminal.h"

namespace llmcache {

namespace {

namespace lc = libcache;
using Grade = lc::Finding::Grade;

// A finding, and what it is about: "configuration" or a store's URL.
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

std::string mark_of(Grade grade, const Output& out) {
  switch (grade) {
    case Grade::pass:
      return out.in(Style::green, "[PASS]");
    case Grade::warn:
      return out.in(Style::yellow, "[WARN]");
    case Grade::fail:
      break;
  }
  return out.in(Style::red, "[FAIL]");
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

  Exit run(Context& context) override {
    look_at_configuration(context);
    const auto urls = store_urls(context.settings());
    const auto options = context.store_options(urls);
    for (const lc::StoreUrl& url : urls) look_at_store(context, url, options);
    context.settings().json ? print_json(context) : print(context);
    const bool failed = std::ranges::any_of(lines_, [](const Line& line) { return line.finding.grade == Grade::fail; });
    return failed ? Exit::no : Exit::success;
  }

 private:
  void add(std::string about, lc::Finding finding) { lines_.push_back({std::move(about), std::move(finding)}); }

  void look_at_configuration(const Context& context) {
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
    if (context.settings().compat == lc::KeyScheme::bifrost) {
      add("configuration",
          {Grade::warn, "keys",
           "a gateway's keys leave out much of a request and can be forged (XXH64), and its entries hold no request to "
           "compare with",
           "see docs/bifrost.md; native entries prove every hit"});
    }
    if (lines_.size() == before) add("configuration", {Grade::pass, "settings", "nothing to remark on", ""});
  }

  void look_at_store(Context& context, const lc::StoreUrl& url, const lc::StoreOptions& options) {
    const auto store = checked_option(lc::open_store(url, options));
    const lc::DiagnosisOptions diagnosis{.prefix = context.settings().prefix, .read_only = url.read_only};
    auto findings = store->diagnose(diagnosis, deadline(context));
    const bool reached = std::ranges::none_of(findings, [](const lc::Finding& finding) {
      return finding.check == "connection" && finding.grade == Grade::fail;
    });
    const bool embedded = url.kind == lc::StoreUrl::Kind::sqlite || url.kind == lc::StoreUrl::Kind::memory;
    if (reached && !embedded) {
      std::ranges::move(lc::diagnose_names(*store, diagnosis.prefix, deadline(context)), std::back_inserter(findings));
    }
    for (lc::Finding& finding : findings) add(url.redacted(), std::move(finding));
  }

  // The default of --deadline is for one entry, not for a look at all.
  static lc::Deadline deadline(Context& context) {
    return context.is_set("deadline") ? context.deadline() : lc::Deadline::after(std::chrono::seconds(30));
  }

  void print(Context& context) const {
    const std::string* about = nullptr;
    for (const Line& line : lines_) {
      if (about == nullptr || *about != line.about)
        context.out().line(context.out().in(Style::bold, escaped(line.about, false)));
      about = &line.about;
      context.out().line(fmt::format("{} {}: {}", mark_of(line.finding.grade, context.out()), line.finding.check,
                                     escaped(line.finding.message, false)));
      if (!line.finding.advice.empty()) context.out().line("       " + escaped(line.finding.advice, false));
    }
  }

  void print_json(Context& context) const {
    nlohmann::ordered_json findings = nlohmann::ordered_json::array();
    for (const auto& [about, finding] : lines_) {
      findings.push_back({{"about", about},
                          {"check", finding.check},
                          {"grade", name_of(finding.grade)},
                          {"message", finding.message},
                          {"advice", finding.advice}});
    }
    context.out().line(json_line("doctor", {{"findings", findings}}));
  }

  std::vector<Line> lines_;
};

}  // namespace

std::unique_ptr<Command> make_doctor() {
  return std::make_unique<Doctor>();
}

}  // namespace llmcache
