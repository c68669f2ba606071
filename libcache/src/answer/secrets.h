// Finds keys and passwords of well-known shapes in texts, so that they are not recorded by accident.
#pragma once

#include <libcache/answer.h>

#include <optional>
#include <string>
#include <string_view>

namespace libcache::internal {

// The first secret in a text, for people: its kind and its first characters. Pure.
std::optional<std::string> find_secret(std::string_view text);

// The same in a request or in its answer. The text of a stream is searched too, because its events may cut a secret into
// pieces, and so is what a compressed answer holds.
std::optional<std::string> find_secret(std::string_view request, const Answer& answer);

// Replaces all of each secret but its first characters by '*', so that the text keeps its length. Whether there were any.
bool redact_secrets(std::string& text);
// An answer with its secrets replaced; nothing if one of them cannot be: it is compressed or in pieces.
std::optional<Answer> without_secrets(Answer answer);

struct CheckedSecrets {
  std::string refusal = {};             // why the answer is not to be stored, for people; empty: it may be
  std::optional<Answer> redacted = {};  // what is to be stored instead, without the request
};
// Does what the policy says about secrets in an answer, its request and its endpoint. Pure.
CheckedSecrets check_secrets(std::string_view endpoint, std::string_view request, const Answer& answer,
                             OnSecret on_secret);

}  // namespace libcache::internal
