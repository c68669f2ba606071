// Metadata as the compact JSON object that stands in an entry.
#pragma once

#include <libcache/entry.h>

#include <string>
#include <string_view>

namespace libcache::internal {

// Only what is there; bytes that are no UTF-8 become U+FFFD.
std::string write_metadata(const Metadata& metadata);

// Whether what write_metadata() wrote says that a policy accepted an incomplete answer or an error. Does not parse.
bool says_accepted(std::string_view json);

// Members that this version does not know are skipped. Fails: corrupt.
Result<Metadata> read_metadata(std::string_view json);

}  // namespace libcache::internal
