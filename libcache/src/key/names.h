// The names of entries.
#pragma once

#include <libcache/key.h>

#include <string_view>

namespace libcache {

// Fails (invalid) for a prefix or session that cannot stand in a name.
Status check_names(const KeyOptions& options);

// Fills in the names of a key's entries.
void name_entries(RequestKey& key, const KeyOptions& options, std::string_view hash);

}  // namespace libcache
