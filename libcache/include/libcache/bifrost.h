// The answers of a Bifrost gateway, as its Redis plugin stores and serves them.
//
// The plugin stores a response as the gateway's JSON under the request's key, and a stream as one value for each chunk,
// under names that end in the chunk's index. A Cache whose keys are of the bifrost scheme reads and writes exactly that.
// The functions here are pure and thread-safe.
#pragma once

#include <libcache/answer.h>
#include <libcache/export.h>
#include <libcache/result.h>
#include <libcache/stream.h>

#include <string>
#include <string_view>

namespace libcache::bifrost LIBCACHE_EXPORT {

/// A stored response or chunk as the plugin serves it on a hit: with `provider` as its provider (unless that is empty),
/// and, if `extra_fields.raw_response` is null or an object, a note in it that the answer comes from the cache, where
/// its key is `name`. For a chunk, `name` is the chunk's name or the stream's, to which the chunk's own index is added.
/// Fails (corrupt) if `stored` is not a JSON object.
[[nodiscard]] Result<std::string> annotate(std::string_view stored, std::string_view provider, std::string_view name);

/// Whether a recorded stream may be stored for a gateway to serve. Its chunks are judged, not the events around them:
/// unlike a Recorder, which judges what a client received, it does not require [DONE].
Verdict judge_stream(const Recording& recording);

}  // namespace libcache::bifrostLIBCACHE_EXPORT
