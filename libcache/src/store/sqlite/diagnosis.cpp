#include "store/sqlite/diagnosis.h"

#include <sys/stat.h>

#include <string>

#include "store/place_diagnosis.h"
#include "store/size_text.h"
#include "store/sqlite/database/connection.h"
#include "store/sqlite/database/file.h"

namespace libcache::internal::sqlite {
namespace {

namespace fs = std::filesystem;
using Grade = Finding::Grade;

Finding find_permissions(const fs::path& file, bool exists, bool read_only) {
  auto found = internal::find_permissions(exists ? file : nearest_directory(file.parent_path()), read_only);
  struct stat status{};
  if (found.grade == Grade::pass && exists && ::stat(file.c_str(), &status) == 0 &&
      (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return {Grade::warn, "permissions", file.string() + " is open to other users of this machine",
            "chmod 600 " + file.string() + ", unless this is intended"};
  }
  return found;
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
  if (!exists && (place.read_only || options.read_only)) {
    return {{Grade::warn, "file", file.string() + " does not exist, so every lookup is a miss",
             "record something into it first"}};
  }
  std::vector<Finding> findings;
  findings.push_back({Grade::pass, "file",
                      exists ? file.string() + " has " + size_text((*state)->size)
                             : file.string() + " does not exist yet; the first write creates it",
                      ""});
  findings.push_back(find_permissions(file, exists, options.read_only));
  const std::uint64_t size = exists ? (*state)->size : 0;
  findings.push_back(find_free_space(nearest_directory(file.parent_path()), max_size > size ? max_size - size : 0));
  if (exists) {
    findings.push_back(find_log_size(file));
    findings.push_back(find_integrity(place, (*state)->id, deadline));
  }
  return findings;
}

}  // namespace libcache::internal::sqlite
