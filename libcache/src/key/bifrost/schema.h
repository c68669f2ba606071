// The requests of a Bifrost gateway as tables: which members it knows, what type each has, and in which order and when
// each is hashed. The structure of requests is defined only here.
#pragma once

#include "key/bifrost/types.h"

namespace libcache::internal::bifrost {

// The gateway's own request object.
extern const Type kCoreRequest;
// The body of an HTTP endpoint, of which the gateway makes its own request object before it hashes.
extern const Type kHttpRequest;
// The parts of the multipart form of a transcription, as one JSON object with the file in base64.
extern const Type kTranscriptionParts;

// Parts of requests that are in responses too.
extern const Type kMessage;
extern const Type kToolCalls;
extern const Type kParameters;

}  // namespace libcache::internal::bifrost
