#include "ui/report.h"

#include <fmt/format.h>
#include <unistd.h>

#include "ui/json_line.h"
#include "ui/output.h"
#include "ui/terminal.h"

namespace llmcache {

namespace {

// In one write, so that the lines of several processes do not mix.
void print_line(const std::string& text) {
  write_all(STDERR_FILENO, text + "\n");
}

}  // namespace

std::string Report::in(Style style, std::string_view text) const {
  return color ? styled(text, style) : std::string(text);
}

std::string Report::placed(std::string_view message) const {
  return about.empty() ? std::string(message) : fmt::format("{}: {}", about, message);
}

void Report::warn(std::string_view text) const {
  if (quiet) return;
  const std::string message = placed(text);
  print_line(json ? json_line("warning", {{"message", message}})
                  : fmt::format("llmcache: {} {}", in(Style::yellow, "warning:"), escaped(message, false)));
}

void Report::note(std::string_view text) const {
  if (!verbose) return;
  const std::string message = placed(text);
  print_line(json ? json_line("note", {{"message", message}}) : fmt::format("llmcache: {}", escaped(message, false)));
}

void Report::say(std::string_view message) const {
  if (!quiet) print_line(escaped(message, false));
}

void Report::error(Exit exit, std::string_view message) const {
  print_line(json ? json_line("error", {{"code", static_cast<int>(exit)},
                                        {"kind", kind_of(exit)},
                                        {"retryable", retryable(exit)},
                                        {"message", message}})
                  : fmt::format("llmcache: {} {}", in(Style::red, "error:"), escaped(message, false)));
}

}  // namespace llmcache
