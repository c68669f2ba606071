#include "store/dir/folder.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

namespace libcache::internal::dir {
namespace {

// A change within this time after another one may not show in the folder's time: FAT counts in steps of 2 seconds.
constexpr std::chrono::nanoseconds kCoarsest = std::chrono::milliseconds(2'100);
// A process that reads a folder this often probably goes on.
constexpr int kReadingsBeforeWatch = 8;

bool is_digits(std::string_view part) {
  return part.size() >= kFewestDigits && part.size() <= 32 &&
         part.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

tl::unexpected<Error> refuse() {
  return fail(ErrorCode::refused, "a folder of the store cannot be listed: " + std::generic_category().message(errno));
}

}  // namespace

std::string_view digits_in(std::string_view file) {
  if (!file.ends_with(kFileEnding)) return {};
  file.remove_suffix(kFileEnding.size());
  for (;;) {
    const std::size_t dot = file.rfind('.');
    const std::string_view last = file.substr(dot + 1);  // npos + 1 is 0
    if (is_digits(last)) return last;
    if (dot == file.npos) return {};
    file = file.substr(0, dot);
  }
}

bool leads_to(const Place& place, std::string_view folder, std::string_view file) {
  const auto digits = digits_in(file);
  return place.folder == folder && !digits.empty() && place.digits.starts_with(digits);
}

void FolderListing::change(std::string_view file, bool present) {
  const auto digits = digits_in(file).substr(0, kFewestDigits);
  if (digits.empty()) return;
  const auto [begin, end] = files_.equal_range(digits);
  const auto known = std::find_if(begin, end, [&](const auto& entry) { return entry.second == file; });
  if (present && known == end) files_.emplace(digits, file);
  if (!present && known != end) files_.erase(known);
}

Status FolderListing::refresh(const FolderFiles& folder) {
  if (watch_ && watch_->read(folder, [&](std::string_view file, bool present) { change(file, present); })) return {};
  watch_.reset();
  struct stat state{};
  if (::fstat(*folder.descriptor(), &state) != 0) return refuse();
  const auto modified = std::chrono::seconds(state.st_mtim.tv_sec) + std::chrono::nanoseconds(state.st_mtim.tv_nsec);
  if (modified_ == modified) return {};
  std::optional<FolderWatch> watch;
  if (++readings_ > kReadingsBeforeWatch) {
    readings_ = 0;
    watch = FolderWatch::start(folder);  // before the reading, so that no change is lost
  }
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const int copy = ::openat(*folder.descriptor(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const OpenListing listing(copy < 0 ? nullptr : ::fdopendir(copy));
  if (!listing) return refuse();
  files_.clear();
  while (const dirent* entry = ::readdir(listing.get())) {
    const std::string_view file = entry->d_name;
    const auto digits = digits_in(file);
    if (!digits.empty()) files_.emplace(digits.substr(0, kFewestDigits), file);
  }
  watch_ = std::move(watch);
  const bool is_settled = now - modified > kCoarsest && !watch_;
  modified_ = is_settled ? std::optional<Modified>(modified) : std::nullopt;
  return {};
}

std::vector<std::string> FolderListing::candidates(std::string_view digits) const {
  std::vector<std::string> files;
  const auto [begin, end] = files_.equal_range(digits.substr(0, kFewestDigits));
  for (auto file = begin; file != end; ++file) {
    if (digits.starts_with(digits_in(file->second))) files.push_back(file->second);
  }
  std::ranges::sort(files, [](const std::string& left, const std::string& right) {
    const auto fewer = digits_in(left).size();
    const auto other = digits_in(right).size();
    return fewer != other ? fewer < other : left < right;
  });
  return files;
}

std::vector<std::string> FolderListing::files() const {
  std::vector<std::string> files;
  for (const auto& [digits, file] : files_) files.push_back(file);
  std::ranges::sort(files);
  return files;
}

Result<bool> for_each_file(const FolderFiles& folder, const FileVisitor& visit, Deadline deadline) {
  FolderListing listing;
  if (auto status = listing.refresh(folder); !status) return fail(status.error());
  for (const std::string& file : listing.files()) {
    if (deadline.expired()) return fail(ErrorCode::timeout, "the deadline has passed");
    const auto content = folder.read(file);
    if (!content) return fail(content.error());
    if (!*content) continue;
    const auto more = visit(file, **content);
    if (!more || !*more) return more;
  }
  return true;
}

Result<StoreSize> size_of(const FolderFiles& folder) {
  FolderListing listing;
  if (auto status = listing.refresh(folder); !status) return fail(status.error());
  StoreSize size;
  for (const std::string& file : listing.files()) {
    struct stat state{};
    if (::fstatat(*folder.descriptor(), file.c_str(), &state, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(state.st_mode))
      continue;
    ++size.values;
    size.bytes += static_cast<std::uint64_t>(state.st_size);
  }
  return size;
}

}  // namespace libcache::internal::dir
