// What the JSON of a Bifrost gateway's answers says.
#pragma once

#include <libcache/answer.h>
#include <libcache/entry.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace libcache::internal::bifrost {

// What an answer says of itself.
struct About {
  Metadata metadata;
  UnixTime created{};  // the epoch where it does not say
};

// Of a response, or of one chunk. Nothing if it is no JSON object.
std::optional<About> read_about(std::string_view json);

// The JSON of each chunk of a stream, as a gateway streams it or a line each.
std::vector<std::string> payloads(std::span<const Chunk> chunks);
// A chunk as the gateway streams it: a server-sent event.
std::string event_of(std::string_view payload);
inline constexpr std::string_view kDoneEvent = "data: [DONE]\n\n";

// Whether these chunks are a whole stream.
Verdict judge_payloads(std::span<const std::string> payloads);

// An answer as the plugin would have stored it, without the note that it adds when it serves it.
std::string without_note(std::string answer);

}  // namespace libcache::internal::bifrost
