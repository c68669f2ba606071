// Integers in digits, decimal unless said otherwise.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>
#include <system_error>

namespace libcache::internal {

// The value of `text`; nullopt unless all of it is a Number. A minus sign is allowed for signed types, a plus sign never.
template <std::integral Number>
std::optional<Number> parse_integer(std::string_view text, int base = 10) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, base);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

}  // namespace libcache::internal
