// The answers of a Bifrost gateway, as its Redis plugin keeps and serves them.
//
// The plugin keeps a response as the gateway's JSON under the request's key, and a stream as one value a chunk, under
// names that end in the chunk's index. A cache whose keys are of the bifrost scheme reads and writes just that. The
// functions here are pure and thread-safe.
#pragma once

#include <libcache/cache.h>
#include <libcache/export.h>
#include <libcache/result.h>
#include <libcache/stream.h>

#include <string>
#include <string_view>

namespace libcache::bifrost LIBCACHE_EXPORT {

/// A stored response or chunk as the plugin serves it on a hit: for the request's provider (empty: as it stands), and
/// with a note in `extra_fields.raw_response` that it comes from the cache, where it stands under `name`. A raw response
/// that is neither null nor an object gets no note. Fails (corrupt) if `stored` is no JSON object.
[[nodiscard]] Result<std::string> annotate(std::string_view stored, std::string_view provider, std::string_view name);

/// Whether a stream may be stored for a gateway to serve: by its chunks, of which the last must have a finish_reason and
/// each the index at which it stands. Unlike a Recorder, which judges what a client was sent, it asks for no [DONE].
Verdict judge_stream(const Recording& recording);

/// Whether an answer came from a gateway, which adds `extra_fields` to what the provider said. Fails (policy) for JSON
/// without them; what is no JSON is for others to judge.
[[nodiscard]] Status check_origin(const Answer& answer);

}  // namespace libcache::bifrostLIBCACHE_EXPORT
