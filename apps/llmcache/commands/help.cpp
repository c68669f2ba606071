#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "cli/help_text.h"
#include "cli/request_argument.h"
#include "commands/all.h"
#include "config/files.h"
#include "config/stores.h"
#include "failure.h"

namespace llmcache {

namespace {

struct Topic {
  std::string_view name;
  std::string (*text)();
};

// Each text is in the file that its topic is about.
constexpr auto kTopics = std::to_array<Topic>({{"exit-codes", exit_codes_help},
                                               {"keys", keys_help},
                                               {"stores", stores_help},
                                               {"config", files_help},
                                               {"options", options_text}});

class Help : public Command {
 public:
  CommandHelp help() const override {
    return {"[TOPIC | COMMAND]", R"(Explains a topic (exit-codes, keys, stores, config, options) or a command.)", "",
            R"(  llmcache help stores
  llmcache help run)"};
  }

  void declare(Options& options) override {
    Option& topic = options.positional("TOPIC", topic_, "a topic or a command");
    topic.choices = names_of(kTopics);
    std::ranges::move(names_of(command_table()), std::back_inserter(topic.choices));
  }

  bool uses_config_files() const override { return false; }

  Exit run(Context& context) override {
    const auto topic = std::ranges::find(kTopics, topic_, &Topic::name);
    if (topic_.empty()) {
      context.out().print(help_text());
    } else if (topic != kTopics.end()) {
      context.out().print(topic->text());
    } else if (const CommandRow* row = find_command(topic_)) {
      context.out().print(help_text(*row));
    } else {
      usage_error(fmt::format("no help on '{}'; the topics are exit-codes, keys, stores, config and options", topic_));
    }
    return Exit::success;
  }

 private:
  std::string topic_;
};

}  // namespace

std::unique_ptr<Command> make_help() {
  return std::make_unique<Help>();
}

}  // namespace llmcache
