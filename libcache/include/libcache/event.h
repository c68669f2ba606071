// What a library that never prints has to tell its program.
#pragma once

#include <libcache/export.h>

#include <functional>
#include <string>

namespace libcache LIBCACHE_EXPORT {

/// Something worth a line in a log: a damaged file set aside, an entry that failed its proof, a store that went away.
struct Event {
  enum class Severity { info, warning };
  Severity severity = Severity::info;
  std::string name;     ///< stable, for programs: "store.moved_aside", "entry.corrupt", "entry.collision"
  std::string message;  ///< one line of English; never a password, a prompt or an answer
};

/// Called on whichever thread met the event, possibly several at once; must not call back into the object that raised
/// it.
using EventHandler = std::function<void(const Event&)>;

}  // namespace libcache LIBCACHE_EXPORT
