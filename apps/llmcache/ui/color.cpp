#include "ui/color.h"

#include <fmt/format.h>

#include <cstdlib>

#include "ui/terminal.h"

namespace llmcache {

namespace {

bool is_unset(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0';
}

// The parameter of ECMA-48's SELECT GRAPHIC RENDITION.
int rendition_of(Style style) {
  switch (style) {
    case Style::bold:
      return 1;
    case Style::red:
      return 31;
    case Style::green:
      return 32;
    case Style::yellow:
      return 33;
  }
  return 0;
}

}  // namespace

bool is_colored(Color when, int descriptor) {
  if (when != Color::auto_) return when == Color::always;
  return is_terminal(descriptor) && is_unset("NO_COLOR") && !is_dumb_terminal();
}

std::string styled(std::string_view text, Style style) {
  return fmt::format("\x1b[{}m{}\x1b[0m", rendition_of(style), text);
}

}  // namespace llmcache
