// The values that options take, as people write them.
#pragma once

#include <libcache/cache.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace llmcache {

// Each throws a Failure (usage) that names what is expected.

// "250ms", "30s", "5m", "1h", "7d"; a bare number is seconds. Fractions are allowed ("1.5s").
libcache::Milliseconds parse_duration(std::string_view text);
// The same, or "never".
libcache::Ttl parse_ttl(std::string_view text);
// "64k", "10M", "2G" (powers of 1024); a bare number is bytes.
std::uint64_t parse_size(std::string_view text);
// A whole number of at least 0.
std::uint64_t parse_count(std::string_view text);
// Exactly 1/0, true/false, yes/no, on/off.
bool parse_bool(std::string_view text);

// The parts between separators, without empty ones.
std::vector<std::string> split(std::string_view text, char separator);

// And back, for listings.
std::string format_duration(libcache::Milliseconds duration);  // the two largest units: "4m 59s"
std::string format_size(std::uint64_t bytes);                  // "1.5M"

// The word in `known` that was most likely meant by `word`; empty if none is near enough to be worth a guess.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace llmcache
