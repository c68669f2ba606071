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
    return {"KEY... | --request FILE",
            R"(Removes the response, the stream and the samples of each key. Exits with 0 if
anything was removed, with 1 otherwise.)",
            "store session ignore",
            R"(  llmcache clear --request request.json
  llmcache clear $(llmcache hash request.json))"};
  }

  void declare(Options& options) override {
    options.positional("KEY", keys_, "keys; a _stream, _sample_i or _chunk_i suffix is understood");
    options.value("--request", "FILE", request_path_, "clears this request: a file, or - for stdin");
  }

  Exit run(Context& context) override {
    at_most_one({{"KEY", !keys_.empty()}, {"--request", !request_path_.empty()}});
    if (!request_path_.empty()) {
      const auto key = checked(about_request(request_path_, context.cache().key(read_input(request_path_))));
      warn_of_unmatched(context, key.unmatched);
      keys_ = {key.response_name};
    }
    if (keys_.empty()) usage_error("clear needs a KEY or --request FILE");
    std::uint64_t removed = 0;
    for (const std::string& key : keys_) {
      auto cleared = context.cache().clear(key, context.deadline());
      if (!cleared && cleared.error().code == lc::ErrorCode::invalid) usage_error(cleared.error().message);
      removed += checked(std::move(cleared));
    }
    if (context.settings().json) {
      context.out().line(json_line("clear", {{"removed", removed}}));
    } else {
      context.report().note(fmt::format("removed {} {}", removed, removed == 1 ? "entry" : "entries"));
    }
    return removed > 0 ? Exit::success : Exit::no;
  }

 private:
  std::vector<std::string> keys_;
  std::string request_path_;
};

}  // namespace

std::unique_ptr<Command> make_clear() {
  return std::make_unique<Clear>();
}

}  // namespace llmcache
