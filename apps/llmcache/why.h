// Why a request missed: what became of its entry, or the most similar stored request and the differences between the two.
#pragma once

#include <libcache/cache.h>

#include <optional>
#include <string>

#include "context.h"

namespace llmcache {

// Both report on stderr; with --json one object. `lookup` is the miss.

// `asked`: the kind of entry that was looked up, which by default is that of the request.
void explain_miss(Context& context, const std::string& request, const libcache::Lookup& lookup,
                  std::optional<libcache::EntryKind> asked = std::nullopt);
// The same for an entry that was looked up by its name.
void explain_missing_entry(const Context& context, const std::string& name, const libcache::Lookup& lookup);

}  // namespace llmcache
