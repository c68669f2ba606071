// The number forms of JSON texts.
#pragma once

#include <string_view>

namespace libcache {

enum class NumberForm {
  invalid,
  integer,  // no fraction, no exponent
  decimal,
};

// What a token is as a number of RFC 8259.
NumberForm number_form(std::string_view token);

// Whether a number may be too large for a double; `false` is certain, and cheap to find out.
bool may_overflow(std::string_view number);

// The double nearest to a number, infinite where it overflows.
double to_double(std::string_view number);

}  // namespace libcache
