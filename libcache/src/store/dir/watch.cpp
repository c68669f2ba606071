#include "store/dir/watch.h"

#include <linux/magic.h>
#include <sys/inotify.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace libcache::internal::dir {
namespace {

// A user may have 128 watchers in all.
constexpr int kMostWatches = 4;
std::atomic<int> watches = 0;

// One of kMostWatches, given back at the end; null if all are taken.
std::shared_ptr<void> take_place() {
  if (watches.fetch_add(1) >= kMostWatches) {
    --watches;
    return nullptr;
  }
  return {&watches, [](void*) { --watches; }};
}

constexpr std::uint32_t kXfs = 0x58465342;  // linux/magic.h does not have it
constexpr std::array<std::uint32_t, 5> kLocal = {EXT4_SUPER_MAGIC, kXfs, BTRFS_SUPER_MAGIC, TMPFS_MAGIC,
                                                 OVERLAYFS_SUPER_MAGIC};

bool is_local(int folder) {
  struct statfs system{};
  return ::fstatfs(folder, &system) == 0 &&
         std::ranges::find(kLocal, static_cast<std::uint32_t>(system.f_type)) != kLocal.end();
}

}  // namespace

std::optional<FolderWatch> FolderWatch::start(const FolderFiles& folder) {
  struct stat state{};
  const int descriptor = *folder.descriptor();
  if (!is_local(descriptor) || ::fstat(descriptor, &state) != 0) return std::nullopt;
  auto place = take_place();
  if (!place) return std::nullopt;
  Descriptor events(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  constexpr std::uint32_t kChanges = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR;
  if (!events || ::inotify_add_watch(*events, path.c_str(), kChanges) < 0) return std::nullopt;
  return FolderWatch(std::move(events), state, std::move(place));
}

bool FolderWatch::read(const FolderFiles& folder, const Visitor& visit) {
  struct stat state{};
  if (process_ != ::getpid() || ::fstat(*folder.descriptor(), &state) != 0) return false;
  if (state.st_dev != device_ || state.st_ino != inode_) return false;
  alignas(inotify_event) std::array<char, 16 * 1024> buffer;
  for (;;) {
    const auto size = ::read(*events_, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno == EAGAIN;
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      at += sizeof(inotify_event) + event->len;
      if (event->len == 0) return false;  // about the watch itself: events were dropped, or the folder was removed
      visit(event->name, (event->mask & (IN_CREATE | IN_MOVED_TO)) != 0);
    }
  }
}

}  // namespace libcache::internal::dir
