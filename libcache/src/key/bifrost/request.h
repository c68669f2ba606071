// The forms of a request, and the gateway's own request object that it makes of each.
#pragma once

#include <libcache/key.h>
#include <libcache/result.h>

#include <string>

#include "key/bifrost/value.h"

namespace libcache::internal::bifrost {

// The type of a request of this form (not `detect`).
const Type& request_type(BifrostForm form);

// The provider and the model that a request is for.
struct Target {
  std::string provider;
  std::string model;
};

// Splits "provider/model" at the first slash. Fails (invalid) without one.
Result<Target> split_model(const std::string& model);

// Fails (invalid) if an HTTP body's model is not "provider/model".
Result<Target> target_of(BifrostForm form, Value& request);

// Whether the request asks the gateway for a stream.
bool asks_for_stream(BifrostForm form, Value& request);

// The gateway's own request object (of type kCoreRequest), without its provider and model. Fails (invalid) if a member
// that the form needs is missing, or if a fallback is not "provider/model".
Result<Value> core_request(BifrostForm form, Value request);

}  // namespace libcache::internal::bifrost
