// The names of entries.
#pragma once

#include <libcache/key.h>

#include <string>
#include <string_view>

namespace libcache {

// Fails (invalid) for a prefix or session that cannot stand in a name.
Status check_names(const KeyOptions& options);

// Completes `key` from its base.
void name_entries(RequestKey& key, unsigned sample);

}  // namespace libcache
