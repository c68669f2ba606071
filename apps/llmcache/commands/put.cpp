#include "cli/endpoint.h"
#include "cli/request_argument.h"
#include "commands/all.h"
#include "process/input.h"

namespace llmcache {

namespace {

namespace lc = libcache;

class Put : public Command {
 public:
  CommandHelp help() const override {
    return {"REQUEST [--response FILE]",
            R"(Stores stdin as the response to REQUEST.
Refuses an answer that is incomplete or an error (exit code 7).)",
            "store session ttl endpoint ignore sample accept",
            R"(  llmcache put request.json < response.json
  curl -sS $URL -d @request.json | llmcache put request.json --tee)"};
  }

  void declare(Options& options) override {
    options.positional("REQUEST", path_, "the request: a file, or - for stdin");
    options.value("--response", "FILE", response_, "the response: a file, or - for stdin (default)");
    options.flag("--tee", tee_, "copies the response to stdout while storing");
    options.flag("--stream", stream_, "stores a stream (implied by \"stream\": true in the request)");
    options.flag("--only-new", only_new_, "keeps an entry that is already there");
  }

  Exit run(Context& context) override {
    if (response_ == "-" && path_ == "-") {
      usage_error("the request and the response cannot both come from stdin: give the request as a file");
    }
    const std::string request = read_request(path_);
    auto key = checked(about_request(path_, context.cache().key(request)));
    warn_of_unmatched(context, key.unmatched);
    if (lacks_model(context, key)) {
      context.report().warn(
          "the request has no model: answers of different models share its key; say where it goes with --endpoint");
    }
    key.stream |= stream_;
    lc::StoreAnswerOptions options{.only_new = only_new_};
    options.facts.request = request;
    lc::AnswerRecorder recorder(options.facts);
    bool copies = tee_;
    read_input(response_, [&](std::string_view piece) {
      recorder.write(piece);
      copies = copies && copy(piece, context.out());
    });
    const auto stored = context.cache().put(key, std::move(recorder).finish(), options, context.deadline());
    if (!stored) throw Failure({stored.error().code, "not stored: " + stored.error().message});
    context.report().note(*stored ? context.stored_message() : "kept the entry that was there");
    return Exit::success;
  }

 private:
  // False: nobody reads the copy any more. The answer is stored all the same.
  static bool copy(std::string_view piece, Output& out) {
    try {
      out.write(piece);
      out.flush();
      return true;
    } catch (const ClosedPipe&) {
      return false;
    }
  }

  std::string path_ = "-";
  std::string response_ = "-";
  bool tee_ = false;
  bool stream_ = false;
  bool only_new_ = false;
};

}  // namespace

std::unique_ptr<Command> make_put() {
  return std::make_unique<Put>();
}

}  // namespace llmcache
