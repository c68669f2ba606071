#include "store/sqlite/diagnosis.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "store/size_text.h"
#include "store/sqlite/database/connection.h"
#include "store/sqlite/database/file.h"

namespace libcache::internal::sqlite {
namespace {

namespace fs = std::filesystem;
using Grade = Finding::Grade;

// The directory of the file, or the one in which the first missing directory would be created.
fs::path nearest_directory(const fs::path& file) {
  fs::path directory = file.parent_path();
  std::error_code error;
  while (!fs::exists(directory, error) && directory != directory.root_path()) directory = directory.parent_path();
  return directory;
}

Finding find_permissions(const fs::path& file, bool exists, const DiagnosisOptions& options) {
  const fs::path place = exists ? file : nearest_directory(file);
  if (!options.read_only && ::access(place.c_str(), W_OK) != 0) {
    return {Grade::fail, "permissions", place.string() + " cannot be written: " + std::strerror(errno),
            "change its owner or mode, or use ?read_only=1"};
  }
  struct stat status{};
  if (exists && ::stat(file.c_str(), &status) == 0 && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return {Grade::warn, "permissions", file.string() + " is open to other users of this machine",
            "chmod 600 " + file.string() + ", unless this is intended"};
  }
  return {Grade::pass, "permissions", place.string() + (options.read_only ? " can be read" : " can be written"), ""};
}

Finding find_free_space(const fs::path& file, std::uint64_t size, std::uint64_t max_size) {
  constexpr std::uint64_t kTooLittle = 64 << 20;
  const fs::path directory = nearest_directory(file);
  struct statvfs system{};
  if (::statvfs(directory.c_str(), &system) != 0) {
    return {Grade::warn, "space", directory.string() + ": " + std::strerror(errno), "check that it exists"};
  }
  const std::uint64_t free = std::uint64_t{system.f_bavail} * system.f_frsize;
  const std::string message = size_text(free) + " free in " + directory.string();
  const std::uint64_t wanted = max_size > size ? max_size - size : 0;
  if (free < kTooLittle)
    return {Grade::fail, "space", message, "free some space, or move the store: --store sqlite:PATH"};
  if (free >= wanted) return {Grade::pass, "space", message, ""};
  return {Grade::warn, "space", message + ", and the store may grow by " + size_text(wanted),
          "free some space, or lower --max-size"};
}

Finding find_log_size(const fs::path& file) {
  constexpr std::uint64_t kLong = 64 << 20;
  std::error_code none;
  const auto size = fs::file_size(file.string() + "-wal", none);
  if (none || size < kLong) return {Grade::pass, "log", none ? "no log" : "a log of " + size_text(size), ""};
  return {Grade::warn, "log", "a log of " + size_text(size) + ", which every reader has to search",
          "stop the long-running reader; the next writer will checkpoint the log"};
}

Outcome<std::string> check_integrity(const Place& place, const FileId& id, Deadline deadline) {
  const auto mode = mode_of(Access::observe, false, place.file, fingerprint_of(place.file));
  auto connection = Connection::open(place.file, id, mode);
  if (!connection) return pass_on(connection);
  connection->wait_until(deadline);
  connection->stop_at_deadline();
  Statement check(*connection, "PRAGMA integrity_check(1)");
  auto query = check();
  const auto row = query.step();
  if (!row) return pass_on(row);
  return std::string(query.bytes(0));
}

Finding find_integrity(const Place& place, const FileId& id, Deadline deadline) {
  const auto before = fingerprint_of(place.file);
  const auto result = check_integrity(place, id, deadline);
  const std::string file = place.file.string();
  if (result && *result == "ok") return {Grade::pass, "integrity", file + " is intact", ""};
  const std::string message = result ? file + ": " + *result : result.error().error.message;
  if (!result && deadline.expired()) {
    return {Grade::warn, "integrity", file + " was not checked completely", "use a longer --deadline"};
  }
  if (!result && result.error().remedy == Failure::Remedy::read_unlocked) {
    return {Grade::warn, "integrity", message, "run doctor as a user who may read the files beside it"};
  }
  if (fingerprint_of(place.file) != before) {
    return {Grade::warn, "integrity", file + " was written to while it was being checked", "run doctor again"};
  }
  return {Grade::fail, "integrity", message, "move it away: the next write creates a new one"};
}

}  // namespace

std::vector<Finding> diagnose(const Place& place, std::uint64_t max_size, const DiagnosisOptions& options,
                              Deadline deadline) {
  const fs::path& file = place.file;
  const auto state = look_at(file);
  const auto checked = state && *state ? check_is_ours(file, (*state)->id) : Status();
  if (!state || !checked) {
    const Error& error = !state ? state.error() : checked.error();
    return {{Grade::fail, "file", error.message, "choose another path: --store sqlite:PATH"}};
  }
  const bool exists = state->has_value();
  std::vector<Finding> findings;
  findings.push_back({Grade::pass, "file",
                      exists ? file.string() + " has " + size_text((*state)->size)
                             : file.string() + " does not exist yet; the first write creates it",
                      ""});
  findings.push_back(find_permissions(file, exists, options));
  findings.push_back(find_free_space(file, exists ? (*state)->size : 0, max_size));
  if (exists) {
    findings.push_back(find_log_size(file));
    findings.push_back(find_integrity(place, (*state)->id, deadline));
  }
  return findings;
}

}  // namespace libcache::internal::sqlite
