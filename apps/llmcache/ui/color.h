// Colors on a terminal.
#pragma once

#include <string>
#include <string_view>

namespace llmcache {

enum class Color { auto_, always, never };
enum class Style { bold, red, green, yellow };

// Whether output to a file descriptor is colored. `auto_`: on a terminal that has colors, unless NO_COLOR is set and not
// empty (https://no-color.org).
bool is_colored(Color when, int descriptor);

std::string styled(std::string_view text, Style style);

}  // namespace llmcache
