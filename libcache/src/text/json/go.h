// JSON as Go's encoding/json writes it, to the byte: what a Bifrost gateway hashes.
#pragma once

#include <string>
#include <string_view>

#include "text/json/document.h"

namespace libcache::internal {

// Backspace and form feed are \b and \f to encoding/json, and \u0008 and \u000c to the library (sonic) with which the
// gateway writes values that marshal themselves.
enum class GoStrings { standard, self_marshaled };

// Appends a string: the value of a string node, or any text in UTF-8. A lone surrogate escape becomes U+FFFD, as Go's
// decoders read it.
void append_go_string(std::string& out, const JsonNode& string, GoStrings mode = GoStrings::standard);
void append_go_string(std::string& out, std::string_view value, GoStrings mode = GoStrings::standard);

// Appends a number as a float64: 1.0 as 1, 1e-7 and 1e+21 as such, -0 as -0.
void append_go_float(std::string& out, std::string_view number);

// Appends a value of type any: members by the bytes of their names, of those with one name the last; numbers as
// float64. Does not recurse.
void append_go_any(std::string& out, const JsonDocument& document, const JsonNode& value);

}  // namespace libcache::internal
