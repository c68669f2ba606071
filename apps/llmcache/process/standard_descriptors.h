// The descriptors 0, 1 and 2 at the start of the program.
#pragma once

namespace llmcache {

// Opens those that are closed on /dev/null. Otherwise the next file or socket would take their number, and what is
// written to stdout would go into it. Writing to a stdout that was closed still fails.
void secure_standard_descriptors();

}  // namespace llmcache
