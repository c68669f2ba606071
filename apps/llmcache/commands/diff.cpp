#include <fmt/format.h>

#include <algorithm>

#include "cli/naming.h"
#include "cli/request_argument.h"
#include "commands/all.h"
#include "ui/difference.h"
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
    options.positional("A", left_, kEntryHelp, true);
    options.positional("B", right_, "another", true);
  }

  Exit run(Context& context) override {
    context.only_reads();
    if (left_ == "-" && right_ == "-")
      usage_error("stdin can be only one of the two requests: give the other as a file");
    unmatched_ = context.key_options().ignore;
    const Side left = load(context, left_);
    const Side right = load(context, right_);
    const auto differences = checked(lc::diff(context.key_options(), left.request, right.request));
    warn_of_unmatched(context, unmatched_);
    for (const lc::Difference& difference : differences) print(context, difference);
    if (!differences.empty()) return Exit::no;
    if (left.name == right.name) return Exit::success;
    context.report().say(fmt::format("the requests are the same, but not their session, endpoint or sample: {} and {}",
                                     left.name, right.name));
    return Exit::no;
  }

 private:
  struct Side {
    std::string request;
    std::string name;  // of its response
  };

  // The request in an existing file, or the one that was stored with the entry of a key.
  Side load(Context& context, const std::string& argument) {
    if (is_request(argument)) {
      std::string request = read_request(argument);
      std::string name = keep_unmatched(context, request);
      return {std::move(request), std::move(name)};
    }
    unmatched_.clear();  // a stored request does not contain its ignored members
    const std::string name = name_of_entry(context, argument);
    for (const auto kind : {lc::EntryKind::response, lc::EntryKind::stream}) {
      const auto found =
          context.settle(context.cache().read_named(context.cache().entry_name(name, kind), context.deadline()));
      if (!found) continue;
      auto request = checked(found.entry->request());
      if (request) return {std::move(*request), context.cache().entry_name(name, lc::EntryKind::response)};
    }
    throw Failure(Exit::bad_input, argument + ": no entry with this name was stored with its request");
  }

  // Keeps of the ignore pointers those that match nothing in this request either. Returns the name of its response; empty for
  // a request without a key.
  std::string keep_unmatched(const Context& context, const std::string& request) {
    auto deriver = checked_option(lc::KeyDeriver::create(context.key_options()));
    const auto key = deriver.derive(request);
    if (!key) return {};
    std::erase_if(unmatched_, [&](const auto& pointer) { return !std::ranges::count(key->unmatched, pointer); });
    return key->response_name;
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
    Output& out = context.out();
    out.print(escaped(difference.pointer, false) + ": ");
    if (const auto windows = show_windows(difference)) return out.line(*windows);
    out.print(show_value(difference.left), Style::red);
    out.print(" -> ");
    out.line(show_value(difference.right), Style::green);
  }

  std::vector<std::string> unmatched_;  // ignore pointers that match nothing
  std::string left_;
  std::string right_;
};

}  // namespace

std::unique_ptr<Command> make_diff() {
  return std::make_unique<Diff>();
}

}  // namespace llmcache
