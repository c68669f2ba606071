// `run --lines`: many requests, one per line.
#pragma once

#include <cstddef>
#include <string>

#include "context.h"
#include "run/ask.h"

namespace llmcache {

struct BatchOptions {
  std::string path = "-";     // of the requests
  std::size_t jobs = 1;       // how many requests are answered at the same time
  std::uint64_t retries = 0;  // how often a COMMAND that failed is run again
};

// Prints one object per line, in the order of the lines. Exit::no if a line failed; 128 and the signal's number if a signal
// ended it.
Exit run_batch(Context& context, AskOptions ask, const BatchOptions& options);

}  // namespace llmcache
