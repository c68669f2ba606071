#include <fmt/format.h>
#include <libcache/fixtures.h>

#include <algorithm>
#include <set>
#include <string>
#include <system_error>

#include "commands/all.h"
#include "config/stores.h"
#include "process/use_log.h"
#include "ui/json_line.h"
#include "ui/terminal.h"

namespace llmcache {

namespace {

namespace lc = libcache;
namespace fs = std::filesystem;
using State = lc::Fixture::State;

const char* name_of(State state) {
  switch (state) {
    case State::good:
      return "good";
    case State::misnamed:
      return "misnamed";
    case State::duplicate:
      return "duplicate";
    case State::damaged:
      break;
  }
  return "damaged";
}

// The directory of the store, which must be one of files.
fs::path directory_of(const Context& context) {
  const auto urls = store_urls(context.settings());
  if (urls.size() == 1 && urls.front().kind == lc::StoreUrl::Kind::dir) return urls.front().path;
  usage_error("fixtures works on one store of files: give --store dir:PATH");
}

class Fixtures : public Command {
 public:
  CommandHelp help() const override {
    return {"check | unused | fix",
            R"(Looks after recordings that are kept as files (--store dir:PATH). check reads
every file, and says which ones no lookup finds: those that cannot be read, and
those whose request was edited. fix renames the latter. unused lists the files
of entries that are not in the log which --use-log names. Exits with 1 if there
is such a file.)",
            "store use_log json",
            R"(  llmcache fixtures check --store dir:tests/fixtures
  llmcache fixtures unused --store dir:tests/fixtures --use-log uses.jsonl)"};
  }

  void declare(Options& options) override {
    options.positional("ACTION", action_, "check, unused or fix", true).choices = {"check", "unused", "fix"};
    options.flag("--delete", delete_, "unused: removes these files");
  }

  Exit run(Context& context) override {
    if (delete_ && action_ != "unused") usage_error("--delete works only with 'fixtures unused'");
    const fs::path directory = directory_of(context);
    if (action_ == "check") return check(context, checked(lc::check_fixtures(directory)));
    if (action_ == "fix") return fix(context, directory);
    if (action_ == "unused") return unused(context, directory);
    usage_error(fmt::format("unknown fixtures action '{}' (check, unused, fix)", escaped(action_, false)));
  }

 private:
  // `state` is for programs, `message` for people.
  static void print(Context& context, const lc::Fixture& fixture, std::string_view state, const std::string& message) {
    if (!context.settings().json) {
      context.out().write(fmt::format("{}: {}\n", escaped(fixture.path, false), escaped(message, false)));
      return;
    }
    Json::Members members = {{"path", fixture.path}, {"state", state}};
    if (!fixture.name.empty()) members.emplace_back("name", fixture.name);
    if (!fixture.problem.empty()) members.emplace_back("problem", fixture.problem);
    if (!fixture.new_path.empty()) members.emplace_back("new_path", fixture.new_path);
    context.out().write(json_line("fixture", members) + "\n");
  }

  static Exit check(Context& context, const std::vector<lc::Fixture>& fixtures) {
    std::size_t problems = 0;
    for (const lc::Fixture& fixture : fixtures) {
      if (fixture.state == State::good) continue;
      print(context, fixture, name_of(fixture.state), fixture.problem);
      ++problems;
    }
    if (!context.settings().json) {
      context.report().say(fmt::format("{} of {} files have problems", problems, fixtures.size()));
    }
    return problems == 0 ? Exit::success : Exit::no;
  }

  static Exit fix(Context& context, const fs::path& directory) {
    // Of two files of one request, the second one's new name is known when the first one has its own.
    for (bool are_more = true; are_more;) {
      are_more = false;
      std::set<std::string> taken;
      for (const lc::Fixture& fixture : checked(lc::check_fixtures(directory))) {
        if (fixture.state != State::misnamed) continue;
        are_more = are_more || !taken.insert(fixture.new_path).second;
        if (are_more) continue;
        checked(lc::fix_fixture(directory, fixture));
        print(context, fixture, "renamed", "renamed to " + fixture.new_path);
      }
    }
    return check(context, checked(lc::check_fixtures(directory)));
  }

  Exit unused(Context& context, const fs::path& directory) const {
    if (context.settings().use_log.empty()) usage_error("fixtures unused needs --use-log FILE");
    const auto used = read_use_log(context.settings().use_log);
    // After a run of tests that looked nothing up, every recording would seem unused.
    if (used.empty()) throw Failure(Exit::bad_input, "the use log is empty");
    std::size_t count = 0;
    for (const lc::Fixture& fixture : checked(lc::check_fixtures(directory))) {
      if (fixture.name.empty() || used.contains(fixture.name)) continue;
      std::error_code error;
      if (delete_ && !fs::remove(directory / fixture.path, error) && error) {
        throw Failure(Exit::refused, fmt::format("'{}' cannot be removed: {}", fixture.path, error.message()));
      }
      print(context, fixture, "unused", "unused");
      ++count;
    }
    if (!context.settings().json) context.report().say(fmt::format("{} {}", count, delete_ ? "removed" : "unused"));
    return count == 0 || delete_ ? Exit::success : Exit::no;
  }

  std::string action_;
  bool delete_ = false;
};

}  // namespace

std::unique_ptr<Command> make_fixtures() {
  return std::make_unique<Fixtures>();
}

}  // namespace llmcache
