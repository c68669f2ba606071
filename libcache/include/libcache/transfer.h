// Entries on their way from one store to another: as lines of text, or under the key of another session.
#pragma once

#include <libcache/export.h>
#include <libcache/key.h>
#include <libcache/result.h>
#include <libcache/time.h>

#include <optional>
#include <string>
#include <string_view>

namespace libcache LIBCACHE_EXPORT {

/// An entry as a store holds it. A value.
struct NamedEntry {
  std::string name;
  std::string bytes;
  std::optional<UnixTime> expires;  ///< nullopt: never
};

/// The entry as one line of JSON, without the newline: what a file of a dir: store holds, with the entry's name and
/// proof (llmcache-format(5)). The times at which it was stored and took place are not part of it, so the same answer
/// is always the same line. Any other value, such as one of the bifrost scheme, is a line with its bytes.
[[nodiscard]] std::string to_line(const NamedEntry& entry);

/// The entry in a line, as if it was stored `now`. If the line has a request, its key and its proof are computed and
/// compared with those of the line. Fails: corrupt.
[[nodiscard]] Result<NamedEntry> from_line(std::string_view line, UnixTime now);

/// The same answer to the same request in the session of `options`, under their prefix and scheme. Fails: corrupt, for
/// anything but an entry of that scheme; not_supported, if the entry was stored without its request, which its new proof
/// needs.
[[nodiscard]] Result<NamedEntry> in_session(const NamedEntry& entry, const KeyOptions& options);

}  // namespace libcache LIBCACHE_EXPORT
