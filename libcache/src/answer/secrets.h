// Finds keys and passwords of well-known shapes in texts, so that they are not recorded by accident.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace libcache::internal {

// The first secret in a text, for people: its kind and its first characters. Pure.
std::optional<std::string> find_secret(std::string_view text);

// Replaces all of each secret but its first characters by '*', so that the text keeps its length. Whether there were any.
bool redact_secrets(std::string& text);

}  // namespace libcache::internal
