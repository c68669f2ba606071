// The formats in which providers answer, each a handful of rules over one event's JSON.
#pragma once

#include <libcache/entry.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "text/json_value.h"

namespace libcache {

// What an answer has said so far.
struct Progress {
  Metadata metadata;
  std::map<std::int64_t, bool> choices;  // those seen, by index, and whether each has finished
  std::optional<bool> ended;             // what it says of itself as a whole; nothing: it said nothing yet
  bool done_marker = false;              // data: [DONE]

  // The choice gave its reason to end; without one it goes on.
  void finish(std::int64_t choice, const std::string& reason);
  // An answer of several choices keeps each reason once: "stop,length".
  void add_finish_reason(const std::string& reason);
  void set_model(JsonValue model);
  // "choice 1 has no finish_reason", or nothing if all choices have one.
  std::string unfinished(std::string_view choice, std::string_view reason) const;
};

// Takes a count over where there is one.
void set_count(std::optional<std::int64_t>& count, JsonValue value);

// One provider's format. The same rules read the events of a stream and a body that was not streamed.
struct Protocol {
  // Whether only this format has such an event.
  bool (*speaks)(JsonValue event);
  void (*read)(JsonValue event, Progress& progress);
  // What a stream that ends here still lacks, for people; empty if nothing.
  std::string (*missing)(const Progress& progress);
  // The text that the event adds to the answer.
  std::string (*text)(JsonValue event);
};

extern const Protocol kOpenAiChat;  // and text completions
extern const Protocol kOpenAiResponses;
extern const Protocol kAnthropicMessages;
extern const Protocol kGemini;
extern const Protocol kOllama;

// The format that has such an event, or nullptr.
const Protocol* find_protocol(JsonValue event);

// The error that an event or a body reports, for people and without the provider's own words, which may repeat the
// request; empty if it reports none.
std::string describe_error(JsonValue event);

}  // namespace libcache
