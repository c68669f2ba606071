#include <fmt/format.h>

#include "cli/request_argument.h"
#include "commands/all.h"
#include "ui/json_line.h"

namespace llmcache {

namespace {

namespace lc = libcache;

class Clear : public Command {
 public:
  CommandHelp help() const override {
    return {"ENTRY... | --request FILE",
            R"(Removes an entry and what belongs to it: for a request or a base key the
response, the stream and the samples, of every endpoint. Exits with 0 if
anything was removed, with 1 otherwise.)",
            "store session ignore",
            R"(  llmcache clear request.json
  llmcache clear $(llmcache hash request.json))"};
  }

  void declare(Options& options) override {
    options.positional("ENTRY", entries_, "requests (files, or - for stdin), keys or names of entries");
    options.value("--request", "FILE", request_path_, "clears this request: a file, or - for stdin");
  }

  Exit run(Context& context) override {
    at_most_one({{"ENTRY", !entries_.empty()}, {"--request", !request_path_.empty()}});
    if (entries_.empty() && request_path_.empty()) usage_error("clear needs an ENTRY or --request FILE");
    std::vector<std::string> names;
    if (!request_path_.empty()) names.push_back(name_of_request(context, request_path_));
    for (const std::string& entry : entries_) names.push_back(name_of_entry(context, entry));
    std::uint64_t removed = 0;
    for (const std::string& name : names) removed += checked(context.cache().clear(name, context.deadline()));
    if (context.settings().json) {
      context.out().line(json_line("clear", {{"removed", removed}}));
    } else {
      context.report().note(fmt::format("removed {} {}", removed, removed == 1 ? "entry" : "entries"));
    }
    return removed > 0 ? Exit::success : Exit::no;
  }

 private:
  std::vector<std::string> entries_;
  std::string request_path_;
};

}  // namespace

std::unique_ptr<Command> make_clear() {
  return std::make_unique<Clear>();
}

}  // namespace llmcache
