// Why a request missed: the most similar stored request, and the differences between the two.
#pragma once

#include <string>

#include "context.h"

namespace llmcache {

// Reports on stderr. Looks at no more than the first thousand entries of the session.
void explain_miss(Context& context, const std::string& request);

}  // namespace llmcache
