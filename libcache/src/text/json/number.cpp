#include "text/json/number.h"

#include <double-conversion/double-conversion.h>

#include <algorithm>
#include <limits>

#include "text/ascii.h"

namespace libcache::internal {

namespace {

bool has_exponent(std::string_view number) {
  return std::any_of(number.begin(), number.end(), [](char character) { return character == 'e' || character == 'E'; });
}

// Removes the digits at the beginning of `text`; returns how many there were.
std::size_t take_digits(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto count = static_cast<std::size_t>(end - text.begin());
  text.remove_prefix(count);
  return count;
}

}  // namespace

NumberForm number_form(std::string_view token) {
  if (token.starts_with('-')) token.remove_prefix(1);
  const bool leading_zero = token.starts_with('0');
  const std::size_t digits = take_digits(token);
  if (digits == 0 || (leading_zero && digits > 1)) return NumberForm::invalid;
  if (token.empty()) return NumberForm::integer;
  if (token.starts_with('.')) {
    token.remove_prefix(1);
    if (take_digits(token) == 0) return NumberForm::invalid;
  }
  if (token.starts_with('e') || token.starts_with('E')) {
    token.remove_prefix(1);
    if (token.starts_with('+') || token.starts_with('-')) token.remove_prefix(1);
    if (take_digits(token) == 0) return NumberForm::invalid;
  }
  return token.empty() ? NumberForm::decimal : NumberForm::invalid;
}

bool may_overflow(std::string_view number) {
  constexpr std::size_t kMaxDigits = 308;  // every integer with this many digits fits in a double
  return number.size() > kMaxDigits || has_exponent(number);
}

double to_double(std::string_view number) {
  using Converter = double_conversion::StringToDoubleConverter;
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  static const Converter converter(Converter::NO_FLAGS, kNaN, kNaN, nullptr, nullptr);
  int used = 0;
  return converter.StringToDouble(
      number.data(), static_cast<int>(std::min<std::size_t>(number.size(), std::numeric_limits<int>::max())), &used);
}

// Doubles distinguish all numbers of at most 15 digits, so only those that end in zeros have a shorter form. From
// 0.000001 on, ECMAScript writes them without an exponent.
bool is_shortest(std::string_view number) {
  constexpr std::size_t kMaxDigits = 15;
  if (number.starts_with('-')) number.remove_prefix(1);
  return number.size() <= kMaxDigits && !number.ends_with('0') && !number.starts_with("0.000000") &&
         !has_exponent(number);
}

void append_shortest(std::string& out, double value) {
  constexpr int kLongest = 32;
  char buffer[kLongest];
  double_conversion::StringBuilder builder(buffer, kLongest);
  double_conversion::DoubleToStringConverter::EcmaScriptConverter().ToShortest(value, &builder);
  out.append(buffer, static_cast<std::size_t>(builder.position()));
}

}  // namespace libcache::internal
