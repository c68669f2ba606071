// A place at which two requests differ, for people. All texts are safe to print on a terminal.
#pragma once

#include <libcache/key.h>

#include <optional>
#include <string>

namespace llmcache {

// Of two long texts a window around each place at which they differ, with both sides in brackets: "…The time is
// [10:00:00|10:00:07]. Be kind…"; nothing for other values, which show_value() shows.
std::optional<std::string> show_windows(const libcache::Difference& difference);

// The JSON of one side, cut to fit a few lines; "(absent)" if it has none.
std::string show_value(const std::optional<std::string>& json);

}  // namespace llmcache
