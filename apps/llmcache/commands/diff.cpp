#include <fmt/format.h>
#include <unistd.h>

#include "commands/all.h"
#include "process/input.h"
#include "ui/json_line.h"
#include "ui/terminal.h"

namespace llmcache {

namespace {

namespace lc = libcache;

class Diff : public Command {
 public:
  CommandHelp help() const override {
    return {"A B",
            R"(Prints the JSON pointers at which two requests differ after everything that
does not count has been removed. Exits with 0 if both have the same key, with 1
otherwise.)",
            "store session ignore by_model by_provider",
            R"(  llmcache diff a.json b.json
  llmcache diff request.json $(llmcache hash other.json))"};
  }

  void declare(Options& options) override {
    options.positional("A", left_, "a request (a file, or - for stdin) or a key", true);
    options.positional("B", right_, "another", true);
  }

  Exit run(Context& context) override {
    const auto differences = checked(lc::diff(context.key_options(), load(context, left_), load(context, right_)));
    for (const lc::Difference& difference : differences) print(context, difference);
    return differences.empty() ? Exit::success : Exit::no;
  }

 private:
  // A file that is there is a request; anything else is a key, whose entry keeps its request.
  static std::string load(Context& context, const std::string& argument) {
    if (argument == "-" || ::access(argument.c_str(), F_OK) == 0) return read_input(argument);
    for (const auto kind : {lc::EntryKind::response, lc::EntryKind::stream}) {
      const auto found =
          context.settle(context.cache().get_named(context.cache().entry_name(argument, kind), context.deadline()));
      if (!found) continue;
      if (auto request = checked(found.entry->request())) return std::move(*request);
    }
    throw Failure(Exit::bad_input, argument + ": neither a file nor a key whose request is stored");
  }

  static void print(Context& context, const lc::Difference& difference) {
    if (context.settings().json) {
      // Raw, since a JSON library may not keep every number exactly.
      Json::Members members{{"pointer", difference.pointer}};
      if (difference.left) members.emplace_back("left", Json::raw(*difference.left));
      if (difference.right) members.emplace_back("right", Json::raw(*difference.right));
      context.out().line(json_line("difference", members));
      return;
    }
    const auto shown = [](const std::optional<std::string>& value) {
      return value ? escaped(*value, false) : std::string("(absent)");
    };
    Output& out = context.out();
    out.print(escaped(difference.pointer, false) + ": ");
    out.print(shown(difference.left), Style::red);
    out.print(" -> ");
    out.line(shown(difference.right), Style::green);
  }

  std::string left_;
  std::string right_;
};

}  // namespace

std::unique_ptr<Command> make_diff() {
  return std::make_unique<Diff>();
}

}  // namespace llmcache
