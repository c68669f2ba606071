// How a stream is cut into chunks, and what one chunk says.
#pragma once

#include <libcache/export.h>

#include <optional>
#include <string>
#include <string_view>

namespace libcache LIBCACHE_EXPORT {

/// Server-sent events, newline-delimited JSON, or neither. Found from a stream's first bytes.
enum class Framing { raw, sse, ndjson };

/// The data of the event that one chunk of a recorded stream is: the data lines of a server-sent event or a line of
/// NDJSON, as one line without its end: JSON as a rule, but also the [DONE] of OpenAI. Nothing where the chunk has none:
/// comments, blank lines.
std::optional<std::string> data_of(std::string_view chunk);

}  // namespace libcache LIBCACHE_EXPORT
