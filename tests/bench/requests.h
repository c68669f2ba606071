// Chat requests as programs send them: prose, code with its escapes, other scripts, tool schemas and numbers.
#pragma once

#include <cstddef>
#include <string>

namespace bench {

// A request of about `size` bytes; the same for the same size.
std::string chat_request(std::size_t size);

}  // namespace bench
