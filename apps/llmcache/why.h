// Why a request missed: what became of its entry, or the most similar stored request and the differences between the two.
#pragma once

#include <libcache/cache.h>

#include <string>

#include "context.h"

namespace llmcache {

// Reports on stderr; with --json one object. `lookup` is the miss.
void explain_miss(Context& context, const std::string& request, const libcache::Lookup& lookup);

}  // namespace llmcache
