// The names of the files in one folder, by the hex digits in them.
#pragma once

#include <libcache/result.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/dir/files.h"

namespace libcache::internal::dir {

inline constexpr std::size_t kFewestDigits = 8;
inline constexpr std::string_view kFileEnding = ".json";

// The hex digits in a file name: its first part, or the second after a title; parts end at dots. Empty: none.
std::string_view digits_in(std::string_view file);

// A listing, kept until the folder changes. One thread at a time.
class FolderListing {
 public:
  // Reads the folder again if it has changed. Fails: refused.
  Status refresh(const FolderFiles& folder);
  // Reads the folder again at the next refresh, whether or not it seems to have changed.
  void forget() { modified_.reset(); }

  // The files that may belong to a hash, those with the fewest digits first: a process that was killed may have left one with all.
  std::vector<std::string> candidates(std::string_view digits) const;
  // Every file, sorted.
  std::vector<std::string> files() const;

 private:
  using Modified = std::chrono::nanoseconds;
  std::multimap<std::string, std::string, std::less<>> files_;  // by the first digits
  std::optional<Modified> modified_;
};

}  // namespace libcache::internal::dir
