// Chat requests as programs send them (prose, code with its escapes, other scripts, tool schemas and numbers), and
// answers, whole and streamed.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace bench {

// A request of about `size` bytes; the same for the same size and number.
std::string chat_request(std::size_t size, unsigned number = 0);

// A plain answer to one, likewise.
std::string chat_answer(std::size_t size, unsigned number = 0);

// The events of a streamed answer of so many words, the last of them [DONE].
std::vector<std::string> chat_events(std::size_t words);

}  // namespace bench
