// The values of options, as people write them.
#pragma once

#include <fmt/format.h>
#include <libcache/time.h>

#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "failure.h"

namespace llmcache {

// Each of these throws a Failure (usage) that says what is expected.

// "250ms", "30s", "5m", "1h", "7d"; a bare number is seconds. Fractions are allowed ("1.5s").
libcache::Milliseconds parse_duration(std::string_view text);
// The same; nullopt for "never".
std::optional<libcache::Milliseconds> parse_duration_or_never(std::string_view text);
// "64k", "10M", "2G" (powers of 1024); a bare number is bytes.
std::uint64_t parse_size(std::string_view text);
// A whole number from `smallest` to `largest`.
std::uint64_t parse_count(std::string_view text, std::uint64_t smallest = 0, std::uint64_t largest = UINT64_MAX);
// Exactly 1/0, true/false, yes/no, on/off.
bool parse_bool(std::string_view text);

// A word and its value.
template <class Value>
struct Choice {
  std::string_view name;
  Value value;
};

std::vector<std::string> names_of(const auto& choices) {
  std::vector<std::string> names;
  for (const auto& choice : choices) names.emplace_back(choice.name);
  return names;
}

[[noreturn]] void not_among(std::string_view text, const std::vector<std::string>& names);

auto find_choice(std::string_view text, const auto& choices)
    -> std::optional<std::remove_cvref_t<decltype(std::begin(choices)->value)>> {
  for (const auto& choice : choices) {
    if (text == choice.name) return choice.value;
  }
  return std::nullopt;
}

auto parse_choice(std::string_view text, const auto& choices) {
  if (const auto value = find_choice(text, choices)) return *value;
  not_among(text, names_of(choices));
}

// A positive decimal number without an exponent, such as "2" or "0.5"; nullopt for anything else.
std::optional<double> parse_decimal(std::string_view text);
// "none", "recorded" or "x2": how many times as fast as recorded to replay a stream; nullopt: without waiting.
std::optional<double> parse_pace(std::string_view text);

// The parts between separators, without white space around them and without empty ones.
std::vector<std::string> split(std::string_view text, char separator);

// The largest sample: of the option, and of serve's header field.
inline constexpr unsigned kMostSample = 1'000'000;

// For listings: the two largest units, as "4m 59s", and "1.5M".
std::string format_duration(libcache::Milliseconds duration);
std::string format_size(std::uint64_t bytes);
// In one unit, exactly, as the parse functions read it: "90s", "5G".
std::string exact_duration(libcache::Milliseconds duration);
std::string exact_size(std::uint64_t bytes);

// The word in `known` that is most similar to `word`; empty if none is similar enough.
std::string nearest(std::string_view word, const std::vector<std::string>& known);
// At most the first 64 bytes: for messages about text of any length.
std::string shortened(std::string_view text);

}  // namespace llmcache
