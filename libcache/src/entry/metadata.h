// The metadata of an entry as a compact JSON object.
#pragma once

#include <libcache/entry.h>

#include <string>
#include <string_view>

namespace libcache::internal {

// Writes only the members that are present; invalid UTF-8 becomes U+FFFD.
std::string write_metadata(const Metadata& metadata);

// Whether the metadata, as written by write_metadata(), marks an incomplete answer or an error that a policy accepted.
// Searches the text without parsing it.
bool says_accepted(std::string_view json);

// The tokens and the time that the metadata, as written by write_metadata(), names. Searches the text without parsing it:
// it is needed for every hit.
AnswerCost read_cost(std::string_view json);

// Skips members that this version does not know. Fails: corrupt.
Result<Metadata> read_metadata(std::string_view json);

}  // namespace libcache::internal
