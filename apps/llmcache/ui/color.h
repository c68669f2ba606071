// Colours on a terminal, where people want them.
#pragma once

#include <string>
#include <string_view>

namespace llmcache {

enum class Color { auto_, always, never };
enum class Style { bold, red, green, yellow };

// Whether what is written to a file descriptor is coloured. `auto_`: on a terminal that has colours, unless NO_COLOR
// is set and not empty (https://no-color.org).
bool is_colored(Color when, int descriptor);

std::string styled(std::string_view text, Style style);

}  // namespace llmcache
