#include <optional>

#include "cli/endpoint.h"
#include "cli/naming.h"
#include "commands/all.h"
#include "ui/json_line.h"

namespace llmcache {

namespace {

class Reject : public Command {
 public:
  CommandHelp help() const override {
    return {"ENTRY | --key KEY",
            R"(Removes an entry with a wrong answer, and keeps that answer away for the time
that the entry had left: neither another store nor import brings it back, and
run does not store it again. For a request or a base key: its response and its
stream. Exits with 1 if there is none.)",
            "store session json",
            R"(  llmcache reject request.json
  llmcache reject 0123456789abcdef)"};
  }

  void declare(Options& options) override {
    options.positional("ENTRY", argument_, kEntryHelp);
    options.value("--key", "KEY", key_, "takes KEY as a name or hash, even if there is a file of that name");
  }

  Exit run(Context& context) override {
    at_most_one({{"ENTRY", argument_.has_value()}, {"--key", key_.has_value()}});
    if (!argument_ && !key_) usage_error("reject needs an ENTRY");
    const std::string name = name_of_entry(context, key_ ? *key_ : *argument_, key_ ? Naming::name : Naming::either);
    std::uint64_t rejected = 0;
    for (const std::string& entry : response_and_stream(context, name)) {
      rejected += context.settle(context.cache().reject(entry, context.deadline())) ? 1 : 0;
    }
    if (context.settings().json) {
      context.out().line(json_line("reject", {{"rejected", rejected}}));
    } else if (rejected == 0) {
      report_absent(context, name);
    }
    return rejected > 0 ? Exit::success : Exit::no;
  }

 private:
  std::optional<std::string> argument_;
  std::optional<std::string> key_;
};

}  // namespace

std::unique_ptr<Command> make_reject() {
  return std::make_unique<Reject>();
}

}  // namespace llmcache
