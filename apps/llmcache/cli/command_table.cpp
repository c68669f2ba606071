#include <algorithm>
#include <array>

#include "cli/command.h"
#include "commands/all.h"

namespace llmcache {

namespace {

constexpr auto kTable = std::to_array<CommandRow>({
    {"run", "answers a request from the cache, or runs COMMAND and keeps its answer", make_run},
    {"get", "prints the stored response", make_get},
    {"put", "stores a response or a stream", make_put},
    {"replay", "prints the stored stream, chunk by chunk", make_replay},
    {"serve", "serves the cache to SDKs, as a proxy in front of LLM APIs", make_serve},
    {"hash", "prints the key of a request", make_hash},
    {"diff", "compares the keys of two requests", make_diff},
    {"ls", "lists entries", make_ls},
    {"show", "shows an entry", make_show},
    {"stats", "shows what the cache has done and saved", make_stats},
    {"clear", "removes the entries of a request", make_clear},
    {"reject", "removes an entry, and keeps its answer from coming back", make_reject},
    {"purge", "removes all entries whose names start with PREFIX", make_purge},
    {"touch", "gives an entry another time to live", make_touch},
    {"export", "writes entries as lines of JSON", make_export},
    {"import", "stores the entries of an export", make_import},
    {"copy", "copies entries to another store or session", make_copy},
    {"fixtures", "looks after recordings that are kept as files", make_fixtures},
    {"doctor", "checks the store and the configuration", make_doctor},
    {"config", "shows the configuration", make_config},
    {"completion", "prints a completion script", make_completion},
    {"help", "explains a topic or a command", make_help},
});

}  // namespace

std::span<const CommandRow> command_table() {
  return kTable;
}

const CommandRow* find_command(std::string_view name) {
  const auto row = std::ranges::find(kTable, name, &CommandRow::name);
  return row == kTable.end() ? nullptr : &*row;
}

}  // namespace llmcache
