// The answers of a Bifrost gateway, as its Redis plugin stores and serves them.
//
// The plugin stores a response as the gateway's JSON under the request's key, and a stream as one value for each chunk,
// under names that end in the chunk's index. A Cache whose keys are of the bifrost scheme reads and writes exactly that.
#pragma once

#include <libcache/export.h>
#include <libcache/result.h>

#include <string>
#include <string_view>

namespace libcache {
namespace bifrost LIBCACHE_EXPORT {

/// A stored response or chunk as the plugin serves it on a hit: with `provider` as its provider (unless that is empty),
/// and, if `extra_fields.raw_response` is null or an object, a note in it that the answer comes from the cache, where
/// its key is `name`. For a chunk, `name` is the chunk's name or the stream's, to which the chunk's own index is added.
/// Fails (corrupt) if `stored` is not a JSON object. Pure and thread-safe.
[[nodiscard]] Result<std::string> annotate(std::string_view stored, std::string_view provider, std::string_view name);

}  // namespace bifrost LIBCACHE_EXPORT
}  // namespace libcache
