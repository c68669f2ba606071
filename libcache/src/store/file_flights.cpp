#include "store/file_flights.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "base/descriptor.h"
#include "base/files.h"
#include "base/hash.h"
#include "store/private_directory.h"
#include "store/shared_bytes.h"

namespace libcache::internal {
namespace {

using std::chrono::microseconds;

// A flight's file begins with this, in the machine's byte order; the pieces follow. It is empty before the first piece.
struct Header {
  std::uint64_t state = 0;  // a FlightState: flying is 0
  std::uint64_t size = 0;
};
static_assert(static_cast<int>(FlightState::flying) == 0);

// The bytes of the file that are locked: one by the leader alone, one shared by all followers.
constexpr off_t kLedByte = 0;
constexpr off_t kFollowedByte = 1;

std::string_view bytes_of(const std::uint64_t& number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

struct flock lock_of(off_t byte, short type) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = byte;
  lock.l_len = 1;
  return lock;
}

// The lock belongs to the open file, so that threads exclude each other too, and ends with it.
bool try_lock(int file, off_t byte, short type) {
  auto lock = lock_of(byte, type);
  return ::fcntl(file, F_OFD_SETLK, &lock) == 0;
}

// Whether another open file holds a lock on the byte.
bool is_locked(int file, off_t byte) {
  auto lock = lock_of(byte, F_WRLCK);
  return ::fcntl(file, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

// Whether `name` still leads to the open file, whose state is returned in `state`.
bool has_name(int file, int directory, const char* name, struct stat& state) {
  struct stat there{};
  return ::fstat(file, &state) == 0 && ::fstatat(directory, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
         is_same_file(state, there);
}

Result<Descriptor> open_directory(const std::filesystem::path& directory) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  Descriptor descriptor(::open(directory.c_str(), kFlags));
  if (!descriptor && errno == ENOENT) {
    if (auto made = make_private_directory(directory.parent_path()); !made) return fail(made.error());
    if (::mkdir(directory.c_str(), 0700) == 0) ::chmod(directory.c_str(), 0700);  // whatever the umask
    descriptor = Descriptor(::open(directory.c_str(), kFlags));
  }
  struct stat state{};
  if (!descriptor || ::fstat(*descriptor, &state) != 0) return refuse_path_for_errno(directory, "cannot be used");
  if (state.st_uid == ::geteuid() && (state.st_mode & 077) == 0) return descriptor;
  return refuse_path(directory, "is open to other users");
}

// Flights are named by a hash.
bool is_flight(std::string_view file) {
  return file.size() == 32 && file.find_first_not_of("0123456789abcdef") == file.npos;
}

// Removes the files of leaders that died, unless another process leads the flight again.
void sweep(int directory) {
  constexpr int kMostFiles = 64;
  const int copy = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* listing = copy < 0 ? nullptr : ::fdopendir(copy);
  if (listing == nullptr) return;
  int files = 0;
  for (const dirent* entry = ::readdir(listing); entry != nullptr && files < kMostFiles; entry = ::readdir(listing)) {
    if (!is_flight(entry->d_name)) continue;
    ++files;
    const Descriptor file(::openat(directory, entry->d_name, O_RDWR | O_NOFOLLOW | O_CLOEXEC));
    struct stat state{};
    if (!file || !try_lock(*file, kLedByte, F_WRLCK) || !has_name(*file, directory, entry->d_name, state)) continue;
    ::unlinkat(directory, entry->d_name, 0);
  }
  ::closedir(listing);
}

class FileLease final : public Lease {
 public:
  FileLease(std::filesystem::path path, Descriptor directory, Descriptor file)
      : path_(std::move(path)), directory_(std::move(directory)), file_(std::move(file)) {}
  FileLease(const FileLease&) = delete;
  FileLease& operator=(const FileLease&) = delete;
  ~FileLease() override { leave(); }

  Status append(std::string_view piece, Deadline) override {
    if (!file_) return fail(ErrorCode::refused, "the flight is over");
    if (static_cast<std::size_t>(end_) - sizeof(Header) + piece.size() > kMostSharedBytes) {
      return fail(ErrorCode::refused, "the answer is too large to be shared");
    }
    if (!write_all_at(*file_, piece, end_)) return refuse_path_for_errno(path_, "cannot be written");
    end_ += static_cast<off_t>(piece.size());
    return {};
  }

  Status end(FlightState how, std::uint64_t size, Deadline) override {
    if (!file_) return {};
    // One after the other: a follower that sees the state sees the size.
    const auto state = static_cast<std::uint64_t>(how);
    const bool written = write_all_at(*file_, bytes_of(size), offsetof(Header, size)) &&
                         write_all_at(*file_, bytes_of(state), offsetof(Header, state));
    const Status ended = written ? Status() : refuse_path_for_errno(path_, "cannot be written");
    leave();
    return ended;
  }

  Result<bool> has_followers(Deadline) override { return file_ && is_locked(*file_, kFollowedByte); }

 private:
  void leave() {
    if (!file_) return;
    ::unlinkat(*directory_, path_.filename().c_str(), 0);
    file_ = Descriptor();
    sweep(*directory_);
  }

  std::filesystem::path path_;
  Descriptor directory_;
  Descriptor file_;
  off_t end_ = sizeof(Header);
};

class FileTail final : public LiveTail {
 public:
  explicit FileTail(Descriptor file) : file_(std::move(file)) { (void)try_lock(*file_, kFollowedByte, F_RDLCK); }

  Result<News> read(Deadline deadline) override {
    constexpr microseconds kShortestPause(500);
    constexpr microseconds kLongestPause(10'000);
    for (auto pause = kShortestPause;; pause = std::min(2 * pause, kLongestPause)) {
      // In this order, because the leader writes its last piece, then how the flight ended, and then releases the lock.
      const bool led = is_locked(*file_, kLedByte);
      Header header;
      if (::pread(*file_, &header, sizeof header, 0) < 0) return failed();
      const auto count = ::pread(*file_, buffer_.data(), buffer_.size(), end_);
      if (count < 0) return failed();
      end_ += count;
      auto state = static_cast<FlightState>(header.state);
      if (state == FlightState::flying && !led) state = FlightState::abandoned;
      const bool more = static_cast<std::size_t>(count) == buffer_.size();
      if (count > 0 || state != FlightState::flying) {
        return News{.bytes = buffer_.substr(0, static_cast<std::size_t>(count)),
                    .state = more ? FlightState::flying : state,
                    .size = header.size};
      }
      if (deadline.expired()) return News{};
      std::this_thread::sleep_for(std::min(pause, microseconds(deadline.capped(Milliseconds(100)).remaining())));
    }
  }

 private:
  static tl::unexpected<Error> failed() {
    return fail(ErrorCode::refused, "a flight cannot be followed: " + std::generic_category().message(errno));
  }

  Descriptor file_;
  std::string buffer_ = std::string(64 << 10, '\0');
  off_t end_ = sizeof(Header);
};

}  // namespace

Result<Flight> FileFlights::join(std::string_view name, Deadline deadline) const {
  const auto path = directory_ / xxh3_128_hex(name);
  for (;;) {
    if (deadline.expired()) return fail(ErrorCode::timeout, "the deadline has passed");
    auto directory = open_directory(directory_);
    if (!directory) return fail(directory.error());
    const auto file_name = path.filename();
    Descriptor file(::openat(**directory, file_name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return refuse_path_for_errno(path, "cannot be opened");
    Flight flight;
    const bool led = !try_lock(*file, kLedByte, F_WRLCK);
    struct stat state{};
    if (led && errno != EAGAIN && errno != EACCES) return refuse_path_for_errno(path, "cannot be locked");
    if (!has_name(*file, **directory, file_name.c_str(), state)) continue;  // its leader has just left
    if ((state.st_mode & S_IRWXU) == 0) ::fchmod(*file, 0600);              // whatever the umask
    if (led) {
      flight.tail = std::make_unique<FileTail>(std::move(file));
      return flight;
    }
    if (state.st_size == 0) {
      flight.lease = std::make_unique<FileLease>(path, std::move(*directory), std::move(file));
      return flight;
    }
    // The file of a leader that died; its followers may still be reading it.
    ::unlinkat(**directory, file_name.c_str(), 0);
  }
}

}  // namespace libcache::internal
