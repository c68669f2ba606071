// Sessions made from credentials, so that callers with different credentials share nothing.
#pragma once

#include <string>
#include <string_view>

#include "http/headers.h"

namespace llmcache::serve {

// Everything in a request by which an upstream knows its caller, as one text: the fields whose names are those of
// credentials, and the query parameters that are no part of an endpoint for that reason. Requests without any have the
// empty text.
std::string credential_of(const Headers& headers, std::string_view target);

// HMAC-SHA-256 (RFC 2104), cut to 32 hex digits.
std::string session_of_credential(std::string_view secret, std::string_view credential);

// Reads the secret, or makes one that nobody else can read (mode 0600). Throws a Failure: refused, for a file that
// others can read or that cannot be made.
std::string session_secret(const std::string& path);

}  // namespace llmcache::serve
