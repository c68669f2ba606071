#include <optional>

#include "cli/endpoint.h"
#include "cli/naming.h"
#include "commands/all.h"
#include "ui/json_line.h"

namespace llmcache {

namespace {

namespace lc = libcache;

class Touch : public Command {
 public:
  CommandHelp help() const override {
    return {"ENTRY --ttl D",
            R"(Gives an entry another time to live, from now on: for a request or a base key
its response and its stream. Exits with 1 if there is none.)",
            "store session json",
            R"(  llmcache touch --ttl never request.json
  llmcache touch --ttl 30d 0123456789abcdef)"};
  }

  void declare(Options& options) override {
    options.positional("ENTRY", argument_, kEntryHelp);
    options.value("--key", "KEY", key_, "takes KEY as a name or hash, even if there is a file of that name");
  }

  Exit run(Context& context) override {
    at_most_one({{"ENTRY", argument_.has_value()}, {"--key", key_.has_value()}});
    if (!argument_ && !key_) usage_error("touch needs an ENTRY");
    if (!context.is_flag("ttl")) usage_error("touch needs --ttl: the new time to live, counted from now");
    const lc::Ttl ttl = context.settings().cache.ttl;
    if (ttl.duration == lc::Milliseconds(0) && !context.scheme().negative_ttl)
      usage_error("the TTL must be greater than 0; to remove an entry, use llmcache clear");
    const std::string name = name_of_entry(context, key_ ? *key_ : *argument_, key_ ? Naming::name : Naming::either);
    std::uint64_t touched = 0;
    for (const std::string& entry : response_and_stream(context, name)) {
      touched += context.settle(context.cache().touch(entry, ttl, context.deadline())) ? 1 : 0;
    }
    if (context.settings().json) {
      context.out().line(json_line("touch", {{"touched", touched}}));
    } else if (touched == 0) {
      report_absent(context, name);
    }
    return touched > 0 ? Exit::success : Exit::no;
  }

 private:
  std::optional<std::string> argument_;
  std::optional<std::string> key_;
};

}  // namespace

std::unique_ptr<Command> make_touch() {
  return std::make_unique<Touch>();
}

}  // namespace llmcache
