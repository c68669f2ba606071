// What a JSON value of any origin says of itself: that it is an error, or that a job has not ended.
#pragma once

#include <libcache/answer.h>

#include <string>

#include "text/json/value.h"

namespace libcache::internal {

// Where a value stands decides which of its shapes count: a model's own JSON and progress reports look alike.
enum class Position {
  whole,           // a body of no known protocol, or the last event of one
  known_protocol,  // an event or a body of a known protocol
  mid_stream,      // an event of an unknown protocol that others follow, or an element of a list
};

// Whether a value where an error would be reports one: not null, false, 0, "none" or empty.
bool is_error(JsonValue error);

// Whether `json` is an error object as API gateways, FastAPI, AWS and RFC 9457 write it. With a 2xx status such objects
// are answers.
bool is_gateway_error(JsonValue json);

struct Shape {
  Completeness completeness = Completeness::complete;
  JsonValue error = {};     // what reports the error: where its code is
  std::string status = {};  // the job's own word, if that decides
};
Shape judge_shape(JsonValue json, Position position, bool is_known_success);

}  // namespace libcache::internal
