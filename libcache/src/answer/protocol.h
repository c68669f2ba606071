// The protocols in which providers answer. Each is a table in answer/protocols: how its events are recognised, how they
// end the answer, and where they hold the model, the usage and the text.
//
// A protocol is recognised by the shape of an event, never by the name of a model or provider. To add one, write its
// table and name it in protocol_table.cpp.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "answer/findings.h"
#include "answer/framing/event.h"

namespace libcache::internal {

// Where a value is in an event: the names of members, separated by dots. "" is the event's JSON itself, "@name" is not
// JSON but the event's name, "@data" its data as text. "content[]" is each element of an array, "choices[0]" the one
// whose `index` is 0, or the first if they have none: a reader wants one answer of several.
using Path = std::string_view;

enum class Effect {
  ends,     // the answer is complete
  goes_on,  // the answer says that it is not complete
  fails,    // an error
};

// The meaning of an event that has this value at a path: a string, the token of a number or of true or false, or "*"
// for any value except null.
struct Rule {
  Path path;
  std::string_view value;
  Effect effect;
};

enum class Piece {
  delta,  // adds to the text
  whole,  // is the whole text so far, or all of a message: only what was not shown before is new
};

// Where an event holds text, if the value at `if_path` begins with `if_value` or is this literal. Of several rules in a
// row for one path the first that applies counts.
struct TextRule {
  Path path;
  Piece piece = Piece::delta;
  Path if_path = {};
  std::string_view if_value = {};
};

struct Protocol {
  // What ends a stream, for people: "message_stop".
  std::string_view end;
  // Whether an event belongs to this protocol and to no other.
  bool (*matches)(const AnswerEvent& event);
  std::span<const Rule> rules = {};
  // Besides `model` and `usage` at the top level.
  std::span<const Path> models = {};
  std::span<const Path> usages = {};
  std::span<const Path> finish_reasons = {};
  std::span<const TextRule> texts = {};
  // For rules that the tables cannot express.
  void (*read)(const AnswerEvent& event, Findings& findings) = nullptr;
  // Why a stream that ends here is not complete, if the rules do not decide that; empty: it is.
  std::string (*missing)(const Findings& findings) = nullptr;
  // The same for an answer that was not streamed.
  std::string (*missing_in_body)(const Findings& findings) = nullptr;
  // Whether an event is a whole answer by itself, as a request without streaming gets it.
  bool (*is_body)(const AnswerEvent& event) = nullptr;
  // Whether the data of an event is a model's text, even if it looks like JSON.
  bool (*is_text)(const AnswerEvent& event) = nullptr;
  // Whether an event that matches may also be of an unknown protocol. The next event decides.
  bool (*is_doubtful)(const AnswerEvent& event) = nullptr;
  // Whether an event that does not match by itself belongs to this protocol if it follows a doubtful one.
  bool (*confirms)(const AnswerEvent& event) = nullptr;
  // The answer in an envelope that is a single value and reports no failure.
  JsonValue (*wrapped)(const AnswerEvent& event) = nullptr;
  // Whether the provider may send all of the text so far with each event.
  bool may_be_cumulative = false;
};

// The protocol that has such an event, or nullptr.
const Protocol* find_protocol(const AnswerEvent& event);

// What to read of an event: the answer in its envelope if that is of a known protocol, otherwise the event itself.
AnswerEvent unwrapped(const AnswerEvent& event);

// Reads an event of a protocol. Without one (nullptr), reads only the members that any answer may have.
void read_event(const Protocol* protocol, const AnswerEvent& event, Findings& findings);

// The value at a path that does not begin with @ and has no brackets.
JsonValue at_path(JsonValue json, Path path);

// The text of an event according to a rule: the text parts of a message's content, or the JSON of content that is
// neither text nor such parts. Empty if the rule does not apply.
std::string text_of(const AnswerEvent& event, const TextRule& rule);

// Helpers for recognising events.
inline bool begins_with_any(JsonValue text, std::span<const std::string_view> beginnings) {
  for (const std::string_view beginning : beginnings) {
    if (text.begins_with(beginning)) return true;
  }
  return false;
}
inline bool equals_any(JsonValue text, std::span<const std::string_view> values) {
  for (const std::string_view value : values) {
    if (text.equals(value)) return true;
  }
  return false;
}

// Whether an object has no other members than these.
inline bool has_only(JsonValue object, std::span<const std::string_view> names) {
  bool fits = true;
  object.each_member(
      [&](std::string_view name, JsonValue) { fits = fits && std::ranges::find(names, name) != names.end(); });
  return fits;
}

}  // namespace libcache::internal
