// The number forms of JSON texts.
#pragma once

#include <string>
#include <string_view>

namespace libcache::internal {

enum class NumberForm {
  invalid,
  integer,  // no fraction, no exponent
  decimal,
};

// The form of a token as a number of RFC 8259.
NumberForm number_form(std::string_view token);

// Whether a number may overflow a double: a cheap test. `false` is certain, `true` is not.
bool may_overflow(std::string_view number);

// The double nearest to a number; infinite if it overflows.
double to_double(std::string_view number);

// Whether append_shortest is known to write a number exactly like its token.
bool is_shortest(std::string_view number);

// Writes a finite double as ECMAScript does, with the fewest digits that read back as the same double: 1e21 as 1e+21,
// -0 as 0.
void append_shortest(std::string& out, double value);

}  // namespace libcache::internal
