// Answers that a pipe recorded with what HTTP put around them: the head that `curl -i` prints, or a compressed body.
#pragma once

#include <cstddef>
#include <string_view>

namespace llmcache::serve {

// The size of the HTTP head at the beginning of an answer; 0 if there is none. A text about HTTP is not a head: that has a
// status line and an empty line. `beginning`: the first bytes of the answer, with all of its head.
std::size_t recorded_head_size(std::string_view beginning);

// The content coding of a body (RFC 9110, section 8.4.1), which its first bytes tell; empty if it is not compressed.
std::string_view coding_of(std::string_view body);

}  // namespace llmcache::serve
