// The JSON of a Bifrost gateway's responses and chunks.
#pragma once

#include <libcache/entry.h>

#include <optional>
#include <string>
#include <string_view>

namespace libcache::internal::bifrost {

// What a response or chunk says about itself.
struct About {
  Metadata metadata;
  UnixTime created{};  // the epoch if it does not say
};

// Nothing if `json` is not a JSON object.
std::optional<About> read_about(std::string_view json);

// A chunk as the gateway streams it: a server-sent event.
std::string event_of(std::string_view payload);
inline constexpr std::string_view kDoneEvent = "data: [DONE]\n\n";

// An answer as the plugin would have stored it, without the note that it adds when it serves it.
std::string without_note(std::string answer);

}  // namespace libcache::internal::bifrost
