// The one rule by which an argument names a request or an entry. Every command that takes either uses it, so that an
// argument means the same everywhere (llmcache(1), "Naming an entry").
#pragma once

#include <libcache/entry.h>

#include <optional>
#include <string>
#include <vector>

#include "context.h"

namespace llmcache {

// What an argument may be. Where it could be either, --request makes it a request and --key a name.
enum class Naming { either, request, name };

// What the help of a positional argument says.
inline constexpr const char* kEntryHelp =
    "a request (a file, or - for stdin), the full name of an entry, or the first 8 or more hex digits of its hash";

// Whether an argument is a request: an existing file, or - for stdin.
bool is_request(const std::string& argument);

// Throws a Failure (usage) if the argument is not a request.
void require_request(const std::string& argument);

// The bytes of a request. Throws a Failure: usage if the argument is not a request; bad input if it cannot be read.
std::string read_request(const std::string& argument);

// The names of the entries that an argument stands for: the response entry of a request; a full name itself, whether it
// is stored or not; for the first 8 or more hex digits of a hash all entries of its base key, sorted. Throws a Failure
// (usage) that says what was tried, or lists the candidates if several base keys have such a hash.
std::vector<std::string> names_of_entries(Context& context, const std::string& argument,
                                          Naming naming = Naming::either);

// The same for a command that takes one entry: if a hash has several entries, the one of this kind. Throws a Failure
// (usage) that lists the candidates if that leaves more than one.
std::string name_of_entry(Context& context, const std::string& argument, Naming naming = Naming::either,
                          std::optional<libcache::EntryKind> kind = std::nullopt);

// The names of the entries that a command about one key is about: of the stream if `name` is a stream's, otherwise of the
// response and the stream.
std::vector<std::string> response_and_stream(Context& context, const std::string& name);

}  // namespace llmcache
