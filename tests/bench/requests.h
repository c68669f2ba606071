// Chat requests as programs send them (prose, code with its escapes, other scripts, tool schemas and numbers), and
// their answers, as one body and as a stream.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace bench {

// A request of about `size` bytes; the same for the same size and number.
std::string chat_request(std::size_t size, unsigned number = 0);

// An answer of about `size` bytes, in one body.
std::string chat_answer(std::size_t size, unsigned number = 0);

// The events of a streamed answer of that many words; the last event is [DONE].
std::vector<std::string> chat_events(std::size_t words);

}  // namespace bench
