// Why a request missed: what became of its entry, or the most similar stored request and the differences between the two.
#pragma once

#include <libcache/cache.h>

#include <optional>
#include <string>

#include "context.h"

namespace llmcache {

// Reports on stderr; with --json one object. `request`: nothing if an entry was looked up by its name. `lookup` is the miss;
// `asked` the kind of entry that was looked up, which by default is that of the request.
void explain_miss(Context& context, const std::optional<std::string>& request, const libcache::Lookup& lookup,
                  std::optional<libcache::EntryKind> asked = std::nullopt);

}  // namespace llmcache
