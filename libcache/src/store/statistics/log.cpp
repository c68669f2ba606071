#include "store/statistics/log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "base/files.h"
#include "store/statistics/rows.h"
#include "text/integer.h"

namespace libcache::internal {

namespace {

namespace fs = std::filesystem;

// The first line of the file, after which the number of bytes follows that were added up in it.
constexpr std::string_view kMagic = "llmcache statistics 1 ";
constexpr std::size_t kNumberSize = 16;
constexpr std::size_t kHeaderSize = kMagic.size() + kNumberSize + 1;

std::string header_of(std::uint64_t folded) {
  return fmt::format("{}{:0{}}\n", kMagic, folded, kNumberSize);
}

// How many bytes of the file were added up; nothing: the file is not ours.
std::optional<std::uint64_t> folded_bytes(int file) {
  std::array<char, kHeaderSize> header{};
  if (::pread(file, header.data(), header.size(), 0) != static_cast<ssize_t>(header.size())) return std::nullopt;
  const std::string_view text(header.data(), header.size());
  if (!text.starts_with(kMagic) || text.back() != '\n') return std::nullopt;
  return parse_integer<std::uint64_t>(text.substr(kMagic.size(), kNumberSize));
}

std::string read_all(int file) {
  std::string text;
  std::array<char, 64 << 10> buffer;
  for (off_t at = 0;;) {
    const auto count = ::pread(file, buffer.data(), buffer.size(), at);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
    at += count;
  }
}

bool lock_in_time(int file, int operation, Deadline deadline) {
  constexpr std::chrono::microseconds kPause{500};
  while (::flock(file, operation | LOCK_NB) != 0) {
    if ((errno != EWOULDBLOCK && errno != EINTR) || deadline.expired()) return false;
    std::this_thread::sleep_for(kPause);
  }
  return true;
}

}  // namespace

StatisticsLog::StatisticsLog(fs::path file, Options options) : file_(std::move(file)), options_(std::move(options)) {}

// Nothing if there is no file, or one that is not ours. Fails: refused, timeout.
Result<std::optional<StatisticsLog::Opened>> StatisticsLog::open(int access, Lock lock, Deadline deadline) const {
  const auto refuse = [&](ErrorCode code, const std::string& why) {
    return fail(code, "'" + file_.string() + "' " + why);
  };
  for (;;) {
    Descriptor file(::open(file_.c_str(), access | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file && errno == ENOENT) return std::nullopt;
    if (!file) return refuse(ErrorCode::refused, "cannot be opened: " + std::generic_category().message(errno));
    if (!lock_in_time(*file, lock == Lock::shared ? LOCK_SH : LOCK_EX, deadline)) {
      return refuse(ErrorCode::timeout, "is locked by another process");
    }
    struct stat opened{};
    struct stat named{};
    if (::fstat(*file, &opened) != 0 || !S_ISREG(opened.st_mode)) return std::nullopt;
    const auto folded = folded_bytes(*file);
    if (!folded) return std::nullopt;
    // If it was replaced meanwhile, opens the new one.
    if (::lstat(file_.c_str(), &named) != 0 || !is_same_file(opened, named)) continue;
    return Opened{std::move(file), static_cast<std::uint64_t>(opened.st_size), *folded};
  }
}

// A file appears with its header, or not at all.
bool StatisticsLog::create() const {
  if (!options_.may_create || !options_.may_create()) return false;
  Descriptor file(::open(file_.parent_path().c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  const bool has_name = !file;  // the file system has no unnamed files
  if (has_name) file = Descriptor(::open(file_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return errno == EEXIST;
  ::fchmod(*file, 0600);  // whatever the umask
  if (!write_all(*file, header_of(0))) {
    if (has_name) ::unlink(file_.c_str());
    return false;
  }
  const std::string unnamed = "/proc/self/fd/" + std::to_string(*file);
  return has_name || ::linkat(AT_FDCWD, unnamed.c_str(), AT_FDCWD, file_.c_str(), AT_SYMLINK_FOLLOW) == 0 ||
         errno == EEXIST;
}

bool StatisticsLog::add(std::string_view, std::span<const StatisticsRow> rows, Deadline deadline) {
  if (!options_.writes) return true;
  std::string lines = "\n";
  for (const StatisticsRow& row : rows) lines += line_of(row);
  auto opened = open(O_RDWR | O_APPEND, Lock::shared, deadline);
  if (opened && !*opened && create()) opened = open(O_RDWR | O_APPEND, Lock::shared, deadline);
  if (!opened || !*opened) return false;
  if (::write(*(*opened)->file, lines.data(), lines.size()) <= 0) return false;
  const bool should_fold = is_large((*opened)->size + lines.size(), (*opened)->folded);
  opened->reset();
  if (should_fold) fold(deadline);
  return true;
}

void StatisticsLog::fold(Deadline deadline) const {
  const auto opened = open(O_RDWR, Lock::exclusive, deadline);
  if (!opened || !*opened) return;
  if (!is_large((*opened)->size, (*opened)->folded)) return;  // another process was faster
  const std::string text = read_all(*(*opened)->file);
  RowSums sums;
  RowLines().add_to(sums, std::string_view(text).substr(std::min(text.size(), kHeaderSize)));
  const auto today = std::chrono::floor<std::chrono::days>(options_.clock());
  sums.limit(today - kStatisticsAge, options_.most_rows);
  std::string lines;
  for (const StatisticsRow& row : std::move(sums).rows_since({})) lines += line_of(row);
  (void)replace(header_of(lines.size()) + lines);
}

// The caller holds the file's exclusive lock.
bool StatisticsLog::replace(std::string_view text) const {
  const std::string name = file_.string() + ".new";
  {
    // Of a process that died here, or not ours.
    const Descriptor left(::open(name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat state{};
    if (left && (::fstat(*left, &state) != 0 || !S_ISREG(state.st_mode))) return false;
    if (left && state.st_size > 0 && !folded_bytes(*left)) return false;
    if (left) ::unlink(name.c_str());
  }
  const Descriptor file(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return false;
  ::fchmod(*file, 0600);  // whatever the umask
  // To the disk first: after a power failure the name must not lead to an empty file.
  if (write_all(*file, text) && ::fdatasync(*file) == 0 && ::rename(name.c_str(), file_.c_str()) == 0) return true;
  ::unlink(name.c_str());
  return false;
}

Result<std::vector<StatisticsRow>> StatisticsLog::read(std::string_view, std::chrono::sys_days since,
                                                       Deadline deadline) {
  std::string text;
  {
    const auto opened = open(O_RDONLY, Lock::shared, deadline);
    if (!opened) return fail(opened.error());
    if (!*opened) return std::vector<StatisticsRow>();
    text = read_all(*(*opened)->file);
  }
  RowSums sums;
  RowLines().add_to(sums, std::string_view(text).substr(std::min(text.size(), kHeaderSize)));
  return std::move(sums).rows_since(since);
}

Status StatisticsLog::reset(std::string_view, Deadline deadline) {
  const auto opened = open(O_RDWR, Lock::exclusive, deadline);
  if (!opened) return fail(opened.error());
  if (!*opened) return {};
  if (!options_.writes) return fail(ErrorCode::refused, "the store was opened read-only (read_only=1)");
  if (replace(header_of(0))) return {};
  return fail(ErrorCode::refused, "'" + file_.string() + "' cannot be written");
}

}  // namespace libcache::internal
