// What changes in a folder, as Linux tells it (inotify(7)): a folder that is written to again and again need not be listed each time.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/descriptor.h"
#include "store/dir/files.h"

namespace libcache::internal::dir {

// One thread at a time.
class FolderWatch {
 public:
  // Begins to watch a folder. Nothing if the system does not allow it, if the process watches several folders already, or if a
  // change that another machine makes would not show, as on a network's file system.
  static std::optional<FolderWatch> start(const FolderFiles& folder);

  // A file of this name is there, or is gone.
  using Visitor = std::function<void(std::string_view file, bool present)>;
  // Shows what has changed since the last call, in order. False: changes were lost, or `folder` is not the one that is watched, so
  // that the folder must be listed again.
  bool read(const FolderFiles& folder, const Visitor& visit);

 private:
  FolderWatch(Descriptor events, const struct stat& folder, std::shared_ptr<void> place)
      : events_(std::move(events)), device_(folder.st_dev), inode_(folder.st_ino), place_(std::move(place)) {}

  Descriptor events_;
  dev_t device_;
  ino_t inode_;
  pid_t process_ = ::getpid();   // a fork shares the events with its parent, which must get them all
  std::shared_ptr<void> place_;  // one of those that a process may watch
};

}  // namespace libcache::internal::dir
