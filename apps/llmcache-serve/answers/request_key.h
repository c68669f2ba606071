// The key of a request, and the recorded request that is nearest to it. All may block, and are safe to call from any thread.
#pragma once

#include <libcache/key.h>
#include <libcache/time.h>

#include <string>

#include "answers/question.h"
#include "context.h"

namespace llmcache::serve {

// Fails for a request that the rules for keys reject.
libcache::Result<libcache::RequestKey> derive_key(const Context& context, const Question& question);

// Fails: invalid, if what the request's fields ask for cannot be part of a key.
libcache::Status check_key_options(const Context& context, const Question& question);

// What is recorded in place of this request, and where that differs, for people.
std::string nearest_request(Context& context, const Question& question, const libcache::RequestKey& key,
                            libcache::Deadline deadline);

}  // namespace llmcache::serve
