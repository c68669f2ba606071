#include <fmt/format.h>

#include <optional>

#include "commands/all.h"
#include "transfer/entries.h"
#include "transfer/lines.h"
#include "ui/progress.h"

namespace llmcache {

namespace {

namespace lc = libcache;

// Bad lines at the beginning after which a file is taken for something else than an export.
constexpr std::uint64_t kMostBadLines = 10;

class Import : public Command {
 public:
  CommandHelp help() const override {
    return {"[FILE]",
            R"(Stores the entries of an export, with the time that they have left. The key and
the proof of each are computed again: an entry whose line was damaged or whose
request was edited is not stored, and the exit code is 3. Run it again to go on
after an interruption.)",
            "store prefix json",
            R"(  llmcache import cache.jsonl
  llmcache import --on-conflict replace < cache.jsonl.zst)"};
  }

  void declare(Options& options) override {
    options.positional("FILE", file_, "what export wrote, compressed or not (default: -, for stdin)");
    writer_.declare(options);
  }

  Exit run(Context& context) override {
    lc::Cache& cache = context.cache();
    bool all_good = true;
    Progress progress(Progress::form_for(context.settings()), std::nullopt);
    const auto warn = [&](const std::string& message) {
      progress.hide();
      context.report().warn(message);
      all_good = false;
    };
    EntryCollector collector(cache, [&](const EntryValues& values) {
      try {
        writer_.write(cache, values, context.long_deadline());
      } catch (const Failure& failure) {
        if (failure.exit() != Exit::damaged) throw;
        warn(fmt::format("{}: {}", values.front().name, failure.what()));
      }
    });
    std::uint64_t lines = 0;
    std::uint64_t bad_lines = 0;
    bool is_export = false;
    for_each_line(file_.value_or("-"), longest_line(context), [&](std::string_view line, std::uint64_t number) {
      progress.show(lines = number);
      if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
      auto entry = lc::from_line(line, lc::system_now());
      if (entry) {
        is_export = true;
        return collector.add(*std::move(entry));
      }
      warn(fmt::format("line {}: {}", number, entry.error().message));
      if (!is_export && ++bad_lines == kMostBadLines)
        throw Failure(Exit::bad_input, "this is not an export of llmcache");
    });
    collector.finish();
    progress.finish(lines);
    writer_.print_total(context, "import", "imported");
    context.out().flush();
    if (!all_good) throw Failure(Exit::bad_input, "some lines were not imported");
    return Exit::success;
  }

 private:
  // An entry in base64, with all that comes before it.
  static std::size_t longest_line(const Context& context) { return 2 * context.settings().cache.max_entry + (1 << 20); }

  std::optional<std::string> file_;
  EntryWriter writer_;
};

}  // namespace

std::unique_ptr<Command> make_import() {
  return std::make_unique<Import>();
}

}  // namespace llmcache
