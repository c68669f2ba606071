// What is right and wrong with a store, in words for those who run it.
#pragma once

#include <libcache/export.h>
#include <libcache/store.h>

#include <string>
#include <string_view>
#include <vector>

namespace libcache LIBCACHE_EXPORT {

/// What one look at a store came to.
struct Finding {
  enum class Grade { pass, warn, fail };  ///< fail: the cache will not work as it should
  Grade grade = Grade::pass;
  std::string check;    ///< what was looked at; stable, for programs: "connection", "rights", "integrity"
  std::string message;  ///< one line of English
  std::string advice;   ///< what to do about it; empty where nothing is
};

struct DiagnosisOptions {
  /// What our names start with. A value is written under it and removed again, to see whether that can be done.
  std::string prefix;
  bool read_only = false;  ///< nothing will be written, nor needs to be
};

/// A power that a store may have. Thread-safe, as every store is.
class Diagnosable {
 public:
  virtual ~Diagnosable() = default;
  /// Never fails: what cannot be looked at is a finding too.
  virtual std::vector<Finding> diagnose(const DiagnosisOptions& options, Deadline deadline) = 0;
};

/// The same of any store; of one without that power, whether it answers at all.
std::vector<Finding> diagnose(Store& store, const DiagnosisOptions& options, Deadline deadline);

/// Diagnoses the names that start with `prefix` (at most 100,000 of them): whether they expire, and whether streams of a
/// Bifrost gateway lack chunks. Never fails, as above.
std::vector<Finding> diagnose_names(Store& store, const std::string& prefix, Deadline deadline);

}  // namespace libcache LIBCACHE_EXPORT
