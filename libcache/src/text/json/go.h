// JSON exactly as Go's encoding/json writes it: the bytes that a Bifrost gateway hashes.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "text/json/document.h"

namespace libcache::internal {

// Rewrites a JSON text for a parser that is stricter than Go's: in strings, control characters become escapes, and each
// invalid byte of UTF-8 becomes U+FFFD.
std::string strict_spelling(std::string_view text);

// encoding/json writes backspace and form feed as \b and \f; sonic, the library with which the gateway writes values
// that marshal themselves, writes \u0008 and \u000c.
enum class GoStrings { standard, self_marshaled };

// Appends a string: the value of a string node, or any text in UTF-8. A lone surrogate escape becomes U+FFFD, as Go's
// decoders read it.
void append_go_string(std::string& out, const JsonNode& string, GoStrings mode = GoStrings::standard);
void append_go_string(std::string& out, std::string_view value, GoStrings mode = GoStrings::standard);

// How a decoder reads the token -0, without fraction and exponent: encoding/json as negative zero, sonic (with which
// the gateway decodes HTTP bodies) as zero.
enum class MinusZero { negative, zero };

// Appends a number as a float64: 1.0 as 1, 1e-7 and 1e+21 as such, -0.0 as -0.
void append_go_float(std::string& out, std::string_view number, MinusZero minus_zero = MinusZero::negative);

// Appends a value of Go's type `any`: members sorted by the bytes of their names, of equal names only the last; numbers
// as float64. Does not recurse.
void append_go_any(std::string& out, const JsonDocument& document, const JsonNode& value,
                   MinusZero minus_zero = MinusZero::negative);

// The same for a map into which several objects were decoded in turn.
void append_go_map(std::string& out, const JsonDocument& document, std::span<const JsonNode* const> objects,
                   MinusZero minus_zero = MinusZero::negative);

}  // namespace libcache::internal
