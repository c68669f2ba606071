#include <fmt/format.h>

#include <set>

#include "cli/naming.h"
#include "commands/all.h"
#include "ui/json_line.h"

namespace llmcache {

namespace {

namespace lc = libcache;

class Clear : public Command {
 public:
  CommandHelp help() const override {
    return {"ENTRY... | --key KEY | --request FILE",
            R"(Removes an entry and what belongs to it: for a request or a base key the
response, the stream and the samples, of every endpoint. Exits with 0 if
anything was removed, with 1 otherwise.)",
            "store session ignore",
            R"(  llmcache clear request.json
  llmcache clear $(llmcache hash request.json))"};
  }

  void declare(Options& options) override {
    options.positional("ENTRY", entries_,
                       "requests (files, or - for stdin), full names, or the first 8 or more hex digits of hashes");
    options.value("--key", "KEY", keys_,
                  "takes KEY as a name or hash, even if there is a file of that name; repeatable");
    options.value("--request", "FILE", requests_, "takes FILE as a request; repeatable");
  }

  Exit run(Context& context) override {
    if (entries_.empty() && keys_.empty() && requests_.empty()) usage_error("clear needs an ENTRY");
    std::set<std::string> names;
    const auto add = [&](const std::vector<std::string>& arguments, Naming naming) {
      for (const std::string& argument : arguments) {
        for (std::string& name : names_of_entries(context, argument, naming)) names.insert(std::move(name));
      }
    };
    add(entries_, Naming::either);
    add(keys_, Naming::name);
    add(requests_, Naming::request);
    std::uint64_t removed = 0;
    for (const std::string& name : names) removed += checked(context.cache().clear(name, context.deadline()));
    if (context.settings().json) {
      context.out().line(json_line("clear", {{"removed", removed}}));
    } else if (removed == 0) {
      context.report().say("nothing is stored under this");
    } else {
      context.report().note(fmt::format("removed {} {}", removed, removed == 1 ? "entry" : "entries"));
    }
    return removed > 0 ? Exit::success : Exit::no;
  }

 private:
  std::vector<std::string> entries_;
  std::vector<std::string> keys_;
  std::vector<std::string> requests_;
};

}  // namespace

std::unique_ptr<Command> make_clear() {
  return std::make_unique<Clear>();
}

}  // namespace llmcache
