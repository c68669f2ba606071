// What a server, the system or TLS said, in the one error system.
#pragma once

#include <libcache/result.h>

#include <string_view>

namespace libcache::internal::redis {

// What an error reply such as "NOPERM this user has no permissions ..." asks of the caller.
ErrorCode code_of_reply(std::string_view text);

// The same for an errno of a socket call.
ErrorCode code_of_errno(int error);

// An error reply as words for people: one line, shortened, without control characters and without the arguments that
// some replies echo, for these may hold a password or a prompt.
std::string printable(std::string_view text);

// Whether an error reply begins with this code ("MOVED", "ASK").
bool has_code(std::string_view text, std::string_view code);

}  // namespace libcache::internal::redis
