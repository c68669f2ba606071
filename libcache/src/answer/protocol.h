// The formats in which providers answer, each a few rules over the JSON of one event.
#pragma once

#include <libcache/entry.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "text/json/value.h"

namespace libcache::internal {

// What an answer has said so far.
struct Progress {
  Metadata metadata;
  std::map<std::int64_t, bool> choices;  // those seen, by index, and whether each has finished
  std::optional<bool> ended;             // what it says of itself as a whole; nothing: it said nothing
  bool done_marker = false;              // data: [DONE]
  std::string error;                     // what the provider reports, for people; empty: nothing

  void set_model(JsonValue model);
  // A choice goes on, or ends for a reason.
  void add_choice(JsonValue index, JsonValue finish_reason);
  // An answer of several choices keeps each reason once: "stop,length".
  void add_finish_reason(std::string_view reason);
  // Keeps the first error that a value reports, without the provider's own words: they may repeat the request.
  void add_error(JsonValue error);
  // What people are told of the first choice that has not finished; empty if all there are have.
  std::string describe_open_choice(std::string_view choice, std::string_view finish_reason) const;
};

// Takes a count over where there is one.
void set_count(std::optional<std::int64_t>& count, JsonValue value);

// A message's content: a string or a list of parts, of which those of type "text" are the answer's.
std::string text_of(JsonValue content);

// One provider's format. The same rules read the events of a stream and a body that was not streamed.
struct Protocol {
  // Whether an event is of this format and no other.
  bool (*speaks)(JsonValue event);
  void (*read)(JsonValue event, Progress& progress);
  // What a stream that ends here lacks, for people; empty: nothing.
  std::string (*missing)(const Progress& progress);
  // The text that an event adds to the answer.
  std::string (*text)(JsonValue event);
};

extern const Protocol kOpenAiChat;  // and text completions
extern const Protocol kOpenAiResponses;
extern const Protocol kAnthropicMessages;
extern const Protocol kGemini;
extern const Protocol kOllama;

// The format that has such an event, or nullptr.
const Protocol* find_protocol(JsonValue event);

// Reads what an event or a body of any format may hold: an error.
void read_error(JsonValue event, Progress& progress);

}  // namespace libcache::internal
