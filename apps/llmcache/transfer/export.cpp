#include <fmt/format.h>

#include <optional>

#include "cli/filters.h"
#include "commands/all.h"
#include "transfer/entries.h"
#include "transfer/lines.h"
#include "ui/json_line.h"

namespace llmcache {

namespace {

namespace lc = libcache;

class Export : public Command {
 public:
  CommandHelp help() const override {
    return {"[PREFIX] [filters]",
            R"(Writes the entries whose names start with PREFIX as lines of JSON, sorted by
name: the same entries are always the same lines. A line holds an entry as a
file of a dir: store does, with its time of expiry, its name and its proof.)",
            "store session endpoint prefix",
            R"(  llmcache export > cache.jsonl
  llmcache export --session team --output team.jsonl.zst)"};
  }

  void declare(Options& options) override {
    options.positional("PREFIX", prefix_, "exports names that start with this, literally (default: the prefix option)")
        .may_be_empty = true;
    filters_.declare(options);
    options.value("-o,--output", "FILE", output_,
                  "writes FILE instead of stdout, compressed with zstd if its name ends in .zst");
  }

  Exit run(Context& context) override {
    context.only_reads();
    filters_.read(context);
    std::optional<LineFile> file;
    std::optional<Interruption> interruption;  // an export to stdout is interrupted as any filter is
    if (!output_.empty()) {
      interruption.emplace();
      file.emplace(output_);
    }
    std::uint64_t count = 0;
    // Over a listing on the terminal a bar would only be in the way.
    const auto progress =
        file || !context.out().is_terminal() ? Progress::form_for(context.settings()) : Progress::Form::none;
    for_each_entry(context, prefix_.value_or(context.key_options().prefix), filters_, progress,
                   interruption ? &*interruption : nullptr, [&](const EntryValues& values) {
                     for (const lc::NamedEntry& value : values) {
                       const std::string line = lc::to_line(value);
                       file ? file->line(line) : context.out().line(line);
                     }
                     ++count;
                   });
    if (interruption && interruption->arrived()) {
      file.reset();
      interruption->pass_on();
    }
    if (!file) {
      if (count == 0) context.report().warn("nothing is exported: no entry is selected");
      context.check_damage();
      return Exit::success;
    }
    file->finish();
    context.check_damage();
    if (context.settings().json) {
      context.out().line(json_line("export", {{"exported", count}}));
    } else {
      context.report().say(fmt::format("exported {} {}", count, count == 1 ? "entry" : "entries"));
    }
    return Exit::success;
  }

 private:
  Filters filters_;
  std::optional<std::string> prefix_;
  std::string output_;
};

}  // namespace

std::unique_ptr<Command> make_export() {
  return std::make_unique<Export>();
}

}  // namespace llmcache
