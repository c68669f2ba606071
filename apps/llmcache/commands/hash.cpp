#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>

#include "cli/request_argument.h"
#include "commands/all.h"
#include "config/bifrost_plugin.h"
#include "process/input.h"
#include "ui/json_line.h"
#include "ui/table.h"
#include "ui/terminal.h"

namespace llmcache {

namespace {

namespace lc = libcache;

const char* name_of(lc::Explanation::Use use) {
  switch (use) {
    case lc::Explanation::Use::in_key:
      return "in the key";
    case lc::Explanation::Use::ignored:
      return "ignored";
    case lc::Explanation::Use::rewritten:
      return "rewritten";
    case lc::Explanation::Use::set_by_option:
      return "set by option";
  }
  return "";
}

class Hash : public Command {
 public:
  CommandHelp help() const override {
    return {"[REQUEST]", R"(Prints the key of a request. Accesses no store.)",
            "session endpoint ignore sample provider by_model by_provider compat",
            R"(  llmcache hash request.json
  llmcache hash --explain < request.json)"};
  }

  void declare(Options& options) override {
    options.positional("REQUEST", path_, "the request: a file, or - for stdin");
    options.flag("--hash-only", hash_only_, "prints only the hash");
    options.flag("--canonical", canonical_, "prints the exact bytes that are hashed");
    options.flag("--explain", explain_, "shows what every member of the request does to the key");
    options.flag("--lines", lines_, "reads one request per line and prints one key per line");
  }

  Exit run(Context& context) override {
    at_most_one({{"--hash-only", hash_only_}, {"--canonical", canonical_}, {"--explain", explain_}});
    at_most_one({{"--lines", lines_}, {"--explain", explain_}});
    auto deriver = checked_option(lc::KeyDeriver::create(context.key_options()));
    for (const std::string& caution : gateway_cautions(context.settings())) context.report().warn(caution);
    if (lines_) return each_line(context, deriver);
    const std::string request = read_request(path_);
    const auto key = checked(about_request(path_, deriver.derive(request)));
    warn_of_unmatched(context, key.unmatched);
    if (explain_) return explain(context, request, key);
    print(context, key);
    if (!canonical_) context.out().write("\n");
    return Exit::success;
  }

 private:
  void print(Context& context, const lc::RequestKey& key) const {
    if (canonical_) {
      context.out().print(key.canonical);
    } else if (context.settings().json) {
      context.out().print(json_line(
          "key", {{"key", key.response_name}, {"base", key.base}, {"hash", key.hash}, {"stream", key.stream}}));
    } else {
      context.out().print(hash_only_ ? key.hash : key.response_name);
    }
  }

  Exit each_line(Context& context, lc::KeyDeriver& deriver) const {
    require_request(path_);
    std::ifstream file;
    std::ios::sync_with_stdio(false);
    if (path_ != "-") file.open(path_, std::ios::binary);
    if (path_ == "-") announce_reading();
    std::istream& in = path_ == "-" ? std::cin : file;
    if (!in) throw Failure(Exit::bad_input, path_ + ": cannot be read");
    Exit exit = Exit::success;
    std::string line;
    std::vector<std::string> unmatched = context.key_options().ignore;  // in every line
    for (std::uint64_t number = 1; std::getline(in, line); ++number) {
      if (const auto key = deriver.derive(line)) {
        print(context, *key);
        std::erase_if(unmatched, [&](const auto& pointer) { return !std::ranges::count(key->unmatched, pointer); });
      } else {
        const std::string message = fmt::format("line {}: {}", number, key.error().message);
        context.report().error(Exit::bad_input, message);
        if (context.settings().json) context.out().print(json_line("key", {{"error", message}}));
        exit = Exit::bad_input;
      }
      context.out().write("\n");
      // A program that waits for each key before it sends the next request gets it.
      if (in.rdbuf()->in_avail() <= 0) context.out().flush();
    }
    warn_of_unmatched(context, unmatched);
    return exit;
  }

  static Exit explain(Context& context, const std::string& request, const lc::RequestKey& key) {
    const auto explanations = checked(lc::explain(context.key_options(), request));
    if (!context.scheme().keeps_requests) warn_of_dropped(context, explanations);
    if (context.settings().json) {
      if (!key.endpoint.empty()) context.out().line(json_line("endpoint", {{"endpoint", key.endpoint}}));
      for (const auto& row : explanations) {
        context.out().line(json_line("explanation", {{"pointer", row.pointer},
                                                     {"use", name_of(row.use)},
                                                     {"value", Json::value_or_text(row.value)},
                                                     {"detail", row.detail}}));
      }
      return Exit::success;
    }
    Table table({"POINTER", "USE", "VALUE", "DETAIL"});
    if (!key.endpoint.empty()) {
      table.add({"(endpoint)", "set by option", escaped(key.endpoint, false), "the endpoint option"});
    }
    for (const auto& row : explanations) {
      table.add({escaped(row.pointer, false), name_of(row.use), shortened(row.value), escaped(row.detail, false)});
    }
    table.print(context.out());
    return Exit::success;
  }

  static void warn_of_dropped(Context& context, const std::vector<lc::Explanation>& explanations) {
    std::string dropped;
    for (const auto& row : explanations) {
      if (row.use != lc::Explanation::Use::ignored || row.pointer == "/stream") continue;
      if (!dropped.empty()) dropped += ", ";
      dropped += escaped(row.pointer, false);
    }
    if (dropped.empty()) return;
    context.report().warn("not in the key under Bifrost: " + dropped +
                          "; requests that differ only there share one entry");
  }

  static std::string shortened(const std::string& value) {
    constexpr std::size_t kLongest = 60;
    if (value.size() <= kLongest || !is_terminal(1)) return escaped(value, false);
    std::size_t end = kLongest;
    while (end > 0 && (value[end] & 0xc0) == 0x80) --end;
    return escaped(value.substr(0, end), false) + "…";
  }

  std::string path_ = "-";
  bool hash_only_ = false;
  bool canonical_ = false;
  bool explain_ = false;
  bool lines_ = false;
};

}  // namespace

std::unique_ptr<Command> make_hash() {
  return std::make_unique<Hash>();
}

}  // namespace llmcache
