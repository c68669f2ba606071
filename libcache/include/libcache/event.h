// Events: the library never prints; it reports what a program may want to log.
#pragma once

#include <libcache/export.h>

#include <functional>
#include <string>

namespace libcache LIBCACHE_EXPORT {

/// Something worth a line in a log. The names, which never change meaning:
///
///   name                       severity  what happened
///   entry.corrupt              warning   a stored entry is damaged; the lookup is a miss
///   entry.incomplete           warning   a gateway's stored stream is incomplete; the lookup is a miss
///   entry.collision            warning   the entry answers another request; the lookup is a miss
///   fill.uncached              warning   the store failed, or another caller took too long: the answer is produced
///                                        and not stored
///   flight.unavailable         warning   other callers could not be found in the store; the answer was produced and
///                                        stored
///   flight.followed            info      another caller is producing the same answer
///   flight.other_request       info      that caller's request has the same name but another proof; this one leads too
///   write.failed               warning   a background write failed, and its answer is lost
///   write.dropped              warning   the queue of background writes was full, or this is the child of a fork, and an
///                                        answer is lost
///   store.unavailable          warning   a server stopped answering
///   store.available            info      it answers again
///   store.master_changed       info      a sentinel named another master
///   store.password_not_needed  warning   a server was given a password that it does not ask for
///   store.missing              info      there is no database or directory yet; a warning if the store is
///                                        read-only
///   store.damaged              warning   a database is damaged
///   store.moved_aside          warning   a damaged database was moved aside
///
/// Warnings named fill, flight and write are reported at most once in 10 seconds for each name, warnings named entry at
/// most once in 10 seconds for each entry; the message then says how many were left out. Of an entry whose last message
/// is older than that, this number is forgotten once 1,000 others have had one.
struct Event {
  enum class Severity { info, warning };
  Severity severity = Severity::info;
  std::string name;      ///< as in the table above, for programs
  std::string message;   ///< one line of English for people; never a password, a request or an answer
  std::string key = {};  ///< the name of the entry concerned, if there is one
};

/// Called on the thread in which the event occurred, possibly on several threads at once. Must not call the object
/// that raised the event. An exception that it throws leaves the function that raised the event; on the thread of
/// background writes it is ignored.
using EventHandler = std::function<void(const Event&)>;

}  // namespace libcache LIBCACHE_EXPORT
