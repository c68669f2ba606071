#include "failure.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace llmcache {

namespace {

constexpr ExitRow kTable[] = {
    {Exit::success, "success", "hit, success, same key"},
    {Exit::no, "no", "a miss, nothing to delete, keys differ, doctor found a problem"},
    {Exit::usage, "usage", "usage or configuration error"},
    {Exit::bad_input, "bad_input", "not a request, a rejected request, an unreadable response"},
    {Exit::unavailable, "store_unavailable", "the store is unavailable; a retry may help"},
    {Exit::refused, "refused", "the store refuses, an operator must act; or stdout could not be written"},
    {Exit::damaged, "damaged", "with --strict: a damaged or incomplete entry; or only a part of an answer was written"},
    {Exit::policy, "policy",
     "refused by policy: not cacheable, a secret found, larger than max_entry, more than --max-delete"},
    {Exit::run_failed, "run_failed", "run: llmcache itself failed"},
    {Exit::run_not_executable, "not_executable", "run: COMMAND is not executable"},
    {Exit::run_not_found, "not_found", "run: COMMAND was not found"},
};

Exit exit_of(libcache::ErrorCode code) {
  using libcache::ErrorCode;
  switch (code) {
    case ErrorCode::invalid:
      return Exit::bad_input;
    case ErrorCode::not_supported:
      return Exit::usage;
    case ErrorCode::unavailable:
    case ErrorCode::timeout:
      return Exit::unavailable;
    case ErrorCode::refused:
    case ErrorCode::internal:
      return Exit::refused;
    case ErrorCode::corrupt:
      return Exit::damaged;
    case ErrorCode::policy:
      return Exit::policy;
  }
  return Exit::refused;
}

}  // namespace

Failure::Failure(const libcache::Error& error) : Failure(exit_of(error.code), error.message) {}

std::span<const ExitRow> exit_table() {
  return kTable;
}

std::string_view kind_of(Exit exit) {
  const auto row = std::ranges::find(kTable, exit, &ExitRow::exit);
  return row == std::end(kTable) ? "refused" : row->kind;
}

bool retryable(Exit exit) {
  return exit == Exit::unavailable;
}

void usage_error(const std::string& message) {
  throw Failure(Exit::usage, message);
}

std::string exit_codes_help() {
  std::string text = "Exit codes:\n";
  for (const ExitRow& row : exit_table()) text += fmt::format("  {:>5}  {}\n", static_cast<int>(row.exit), row.meaning);
  return text +
         "  128+n  run: signal n ended COMMAND\n"
         "run exits with COMMAND's own code if COMMAND ran.\n\n"
         "With the codes 2 to 7 one line 'llmcache: error: ...' is printed to stderr; with --json, a\n"
         "JSON object with the members code, kind, retryable and message.\n";
}

}  // namespace llmcache
