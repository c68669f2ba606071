// One event of an answer, in whatever framing it was sent.
#pragma once

#include <functional>
#include <string_view>

#include "text/json/value.h"

namespace libcache::internal {

enum class EventForm {
  value,    // a JSON value at the top level: a line of NDJSON, or a whole body
  element,  // of a JSON array
  sse,      // a server-sent event
  line,     // a line of the AI SDK's first protocol: a character, a colon and a JSON value
  frame,    // of an AWS event stream
};

// All views are valid while the event is being handled.
struct AnswerEvent {
  EventForm form = EventForm::value;
  std::string_view name = {};  // the `event` field, the character before the colon, or the :event-type; may be empty
  std::string_view data = {};  // as it was sent; data of several lines is joined with LF
  JsonValue json = {};         // the data, if it is JSON
  bool is_json = false;        // also of the JSON value null
  bool is_done = false;        // [DONE]
  bool is_whole = true;        // false: the answer ended, or was damaged, inside this event
  bool is_failure = false;     // an exception frame, an error frame or a damaged frame
};

using AnswerEventHandler = std::function<void(const AnswerEvent&)>;

}  // namespace libcache::internal
