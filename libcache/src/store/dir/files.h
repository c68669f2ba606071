// Files that are written whole or not at all, in a directory that symbolic links do not lead out of.
#pragma once

#include <dirent.h>
#include <libcache/result.h>
#include <libcache/time.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.h"

namespace libcache::internal::dir {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using OpenListing = std::unique_ptr<DIR, CloseDirectory>;

// One folder of the store.
class FolderFiles {
 public:
  // An empty name means the directory itself. Nothing if the folder does not exist. Fails: refused.
  static Result<std::optional<FolderFiles>> open(const std::filesystem::path& root, const std::string& folder);
  // The same, created if it does not exist.
  static Result<FolderFiles> open_or_create(const std::filesystem::path& root, const std::string& folder);

  struct Content {
    std::string text;
    UnixTime written;
  };
  // Nothing if there is no such file, or it is not a regular one. Fails: refused.
  Result<std::optional<Content>> read(const std::string& file) const;
  // Whether a directory, a link or another thing that is not a regular file has this name.
  bool is_taken(const std::string& file) const;
  // Creates a file. Returns false if there is one already. Fails: refused.
  Result<bool> create(const std::string& file, std::string_view text) const;
  // Replaces a file, so that a reader finds either the old text or the new one. `other`: a name that no other file has;
  // a process that is killed may leave the new text under it. Fails: refused.
  Status replace(const std::string& file, const std::string& other, std::string_view text) const;
  // Removes a file; whether there was one. Fails: refused.
  Result<bool> remove(const std::string& file) const;

  const Descriptor& descriptor() const { return folder_; }

 private:
  FolderFiles(std::filesystem::path path, Descriptor folder) : path_(std::move(path)), folder_(std::move(folder)) {}
  Result<Descriptor> write_unnamed(std::string_view text) const;
  Result<bool> create_named(const std::string& file, std::string_view text) const;
  tl::unexpected<Error> refuse(const std::string& file, const char* what) const;

  std::filesystem::path path_;
  Descriptor folder_;
};

// The folders in the store's directory, sorted. None if the directory does not exist. Fails: refused.
Result<std::vector<std::string>> folders_in(const std::filesystem::path& root);

}  // namespace libcache::internal::dir
