// Error replies and system errors as error codes and printable messages.
#pragma once

#include <libcache/result.h>

#include <string_view>

namespace libcache::internal::redis {

// The code for an error reply such as "NOPERM this user has no permissions ...".
ErrorCode code_of_reply(std::string_view text);

// The code for an errno of a socket call.
ErrorCode code_of_errno(int error);

// An error reply for use in messages: one line, shortened, without control characters and without the arguments that
// some replies echo, because these may contain a password or a prompt.
std::string printable(std::string_view text);

// Whether an error reply begins with `code`, such as "MOVED".
bool has_code(std::string_view text, std::string_view code);

}  // namespace libcache::internal::redis
