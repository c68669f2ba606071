// The findings of Store::diagnose() about a store, for its operator.
#pragma once

#include <libcache/export.h>
#include <libcache/store.h>

#include <string>
#include <vector>

namespace libcache LIBCACHE_EXPORT {

/// The result of one check.
struct Finding {
  enum class Grade { pass, warn, fail };  ///< fail: the cache will not work as it should
  Grade grade = Grade::pass;
  std::string check;    ///< what was checked; stable, for programs: "connection", "rights", "integrity"
  std::string message;  ///< one line of English
  std::string advice;   ///< what to do about it; empty if there is nothing to do
};

struct DiagnosisOptions {
  /// The prefix of the entries' names. A value is written under it and removed again, to check that this works.
  std::string prefix;
  bool read_only = false;  ///< nothing will be written, and the check writes nothing
};

/// Diagnoses the names that start with `prefix` (at most 100,000 of them): whether they expire. Never fails, like
/// Store::diagnose().
std::vector<Finding> diagnose_names(Store& store, const std::string& prefix, Deadline deadline);

}  // namespace libcache LIBCACHE_EXPORT
