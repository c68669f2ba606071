// Chat requests as programs send them (prose, code with its escapes, other scripts, tool schemas and numbers), and
// answers.
#pragma once

#include <cstddef>
#include <string>

namespace bench {

// A request of about `size` bytes; the same for the same size and number.
std::string chat_request(std::size_t size, unsigned number = 0);

// A plain answer to one, likewise.
std::string chat_answer(std::size_t size, unsigned number = 0);

}  // namespace bench
