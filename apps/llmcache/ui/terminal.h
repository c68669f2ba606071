// Text that is safe to show on a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace llmcache {

// Whether a file descriptor is a terminal.
bool is_terminal(int descriptor);
// Whether the terminal can neither move its cursor nor show colors.
bool is_dumb_terminal();
// Whether a file descriptor is a pipe or a socket.
bool is_stream(int descriptor);

// The width of the terminal that stdout is; 80 if it is none, or does not say.
std::size_t terminal_columns();

// `text` with control characters, escape sequences, bidirectional controls and invalid UTF-8 shown as \x1b,
// \u202e and the like. Newlines and tabs stay if `keep_lines`.
std::string escaped(std::string_view text, bool keep_lines);

// JSON text with the same characters as \u escapes. Newlines between its parts stay.
std::string escaped_json(std::string_view json);

// A name as it is, or in quotes and escaped if it has unusual characters.
std::string quoted_if_odd(std::string_view name);

// How many columns of a terminal a text takes that is safe to show; characters of East Asia and emoji take two.
std::size_t columns_of(std::string_view text);
// `text` cut to a number of columns, with "…" as the last one if anything is missing.
std::string fitted(std::string_view text, std::size_t columns);
// The same with "…" in the middle: for URLs, which differ at their ends.
std::string fitted_in_the_middle(std::string_view text, std::size_t columns);

}  // namespace llmcache
