// Finds keys and passwords of well-known shapes in texts, so that they are not recorded by accident.
#pragma once

#include <libcache/answer.h>

#include <optional>
#include <string>
#include <string_view>

namespace libcache::internal {

// The first secret in a text, for people: its kind and its first characters. Pure.
std::optional<std::string> find_secret(std::string_view text);

// The same as a message: in the "request", say.
std::string describe_secret_in(std::string_view place, std::string_view secret);

// The same in a request or in its answer. The text of a stream is searched too, because its events may cut a secret into
// pieces, and so is what a compressed answer holds.
std::optional<std::string> find_secret(std::string_view request, const Answer& answer);

// Replaces all of each secret but its first characters by '*', so that the text keeps its length. Whether there were any.
bool redact_secrets(std::string& text);
// An answer with its secrets replaced; nothing if one of them cannot be: it is compressed or in pieces.
std::optional<Answer> without_secrets(Answer answer);

}  // namespace libcache::internal
