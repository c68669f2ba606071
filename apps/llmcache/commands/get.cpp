#include "cli/request_argument.h"
#include "commands/all.h"
#include "ui/describe.h"
#include "ui/json_line.h"

namespace llmcache {

namespace {

namespace lc = libcache;

class Get : public Command {
 public:
  CommandHelp help() const override {
    return {"[REQUEST | --key KEY | --request FILE]",
            R"(Prints the stored response to a request, exactly as it was stored.
On a miss, prints nothing and exits with 1.)",
            "store session endpoint ignore sample provider on_store_error strict",
            R"(  llmcache get request.json
  llmcache get --why < request.json)"};
  }

  void declare(Options& options) override {
    request_.declare(options);
    options.flag("--meta", meta_, "prints the entry's metadata as JSON on stderr");
    options.flag("--why", why_, "on a miss, names the nearest stored request and where it differs");
    options.flag("--annotate", annotate_, "bifrost: adds what the gateway's plugin adds on a hit");
  }

  Exit run(Context& context) override {
    context.only_looks_up();
    context.takes_accepted();
    if (annotate_) require_bifrost(context, "--annotate");
    const lc::Lookup found = request_.find(context, lc::EntryKind::response);
    if (!found) {
      if (why_) request_.explain(context, found, lc::EntryKind::response);
      return Exit::no;
    }
    if (meta_) context.report().say(json_line("metadata", describe(head_of(*found.entry), lc::system_now())));
    if (annotate_) {
      context.out().write(request_.annotated(checked(found.entry->body())));
      return Exit::success;
    }
    checked(found.entry->read([&](const lc::Chunk& piece) -> lc::Status {
      context.out().write(piece.bytes);
      return {};
    }));
    return Exit::success;
  }

 private:
  RequestArgument request_;
  bool meta_ = false;
  bool why_ = false;
  bool annotate_ = false;
};

}  // namespace

std::unique_ptr<Command> make_get() {
  return std::make_unique<Get>();
}

}  // namespace llmcache
