// The server as a whole: listeners, the event loop, COMMAND, and an orderly end.
#pragma once

#include "context.h"
#include "options.h"

namespace llmcache::serve {

// Serves until a signal or the end of COMMAND; gives the exit code. Throws a Failure if it cannot start.
int run_server(const ServeOptions& options, Context& context);

}  // namespace llmcache::serve
