// The names of the files in one folder, by the hex digits in them.
#pragma once

#include <libcache/result.h>
#include <libcache/store.h>
#include <libcache/time.h>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/dir/files.h"
#include "store/dir/form.h"
#include "store/dir/watch.h"

namespace libcache::internal::dir {

inline constexpr std::size_t kFewestDigits = 8;
inline constexpr std::string_view kFileEnding = ".json";

// The hex digits in a file name: the last of its parts, which end at dots, that is nothing else. Empty: none.
std::string_view digits_in(std::string_view file);

// Whether a look-up at a place finds this file. It does not if the request in the file was edited.
bool leads_to(const Place& place, std::string_view folder, std::string_view file);

// A listing, kept until the folder changes. One thread at a time.
class FolderListing {
 public:
  // Reads the folder again if it has changed, or, if it changes often, only what has changed. Fails: refused.
  Status refresh(const FolderFiles& folder);

  // The files that may belong to a hash, those with the fewest digits first: a process that was killed may have left one with all.
  std::vector<std::string> candidates(std::string_view digits) const;
  // Every file, sorted.
  std::vector<std::string> files() const;

 private:
  using Modified = std::chrono::nanoseconds;
  void change(std::string_view file, bool present);

  std::multimap<std::string, std::string, std::less<>> files_;  // by the first digits
  std::optional<Modified> modified_;
  int readings_ = 0;  // since it could last be watched
  std::optional<FolderWatch> watch_;
};

// Shows every file of a folder, sorted, until the visitor returns false; then returns false. Fails: refused, timeout, and as the
// visitor does.
using FileVisitor = std::function<Result<bool>(const std::string& file, const FolderFiles::Content& content)>;
Result<bool> for_each_file(const FolderFiles& folder, const FileVisitor& visit, Deadline deadline);

// The number of the entries' files in a folder, and their bytes. Fails: refused.
Result<StoreSize> size_of(const FolderFiles& folder);

}  // namespace libcache::internal::dir
