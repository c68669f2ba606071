#include "store/sqlite/database/session.h"

#include <sys/stat.h>
#include <unistd.h>

#include "store/private_directory.h"

namespace libcache::internal::sqlite {
namespace {

std::string quoted(const Place& place) {
  return "'" + place.file.string() + "'";
}

void tell(const Place& place, Event::Severity severity, const char* name, std::string message) {
  if (place.on_event) place.on_event({.severity = severity, .name = name, .message = std::move(message)});
}

// `empty`: the size that the file has without content.
Fingerprint::File look(const std::string& path, off_t empty) {
  struct stat state{};
  if (lstat(path.c_str(), &state) != 0 || state.st_size <= empty) return {};
  return {{state.st_dev, state.st_ino},
          state.st_size,
          std::int64_t{state.st_mtim.tv_sec} * 1'000'000'000 + state.st_mtim.tv_nsec};
}

}  // namespace

Result<Opening> begin_opening(const Place& place, bool create, Deadline deadline) {
  const auto directory = place.file.parent_path();
  if (create) {
    if (auto made = make_private_directory(directory); !made) return fail(made.error());
  }
  for (;;) {
    Opening opening;
    if (auto lock = DirectoryLock::take(directory, DirectoryLock::Kind::shared, deadline)) {
      opening.lock = std::move(*lock);
    } else if (lock.error().code == ErrorCode::timeout) {
      return fail(lock.error());
    }
    const auto state = look_at(place.file);
    if (!state) return fail(state.error());
    if (*state) {
      if (auto checked = check_is_ours(place.file, (*state)->id); !checked) return fail(checked.error());
      opening.file = (*state)->id;
    }
    if (*state || !create) return opening;
    opening.lock.reset();
    if (auto created = create_database(place.file, deadline); !created) return fail(created.error());
  }
}

Fingerprint fingerprint_of(const std::filesystem::path& file) {
  // A writer that was killed may have left a log with a header and nothing else. SQLite would take it for one that is being
  // written, and wait.
  constexpr off_t kLogHeaderBytes = 32;
  return {look(file.native(), 0), look(file.native() + "-wal", kLogHeaderBytes)};
}

Connection::Mode mode_of(Access access, bool unlocked, const std::filesystem::path& file, const Fingerprint& files) {
  using Mode = Connection::Mode;
  if (access == Access::write) return Mode::write;
  const bool has_log = files.log.size != 0;
  if (!unlocked && access == Access::read) return Mode::read;
  if (!has_log) return Mode::read_unlocked;
  const bool has_index = ::access((file.native() + "-shm").c_str(), F_OK) == 0;
  return has_index && !unlocked ? Mode::observe : Mode::read_log_unlocked;
}

Status check_locks(const Place& place) {
  if (supports_locks(place.file.parent_path())) return {};
  return fail(ErrorCode::refused,
              quoted(place) + ": the file system does not support locks; choose another --store path");
}

Status set_aside_and_tell(const Place& place, const FileId& damaged, Deadline deadline) {
  const auto aside = set_aside(place.file, damaged, place.clock(), deadline);
  if (!aside) return fail(aside.error());
  place.warned_missing = true;
  if (*aside) {
    tell(place, Event::Severity::warning, "store.moved_aside",
         quoted(place) + " is damaged: moved to '" + (*aside)->string() + "'; the next write creates a new one");
  }
  return {};
}

Status warn_if_missing(const Place& place) {
  if (place.strict && place.read_only) return fail(ErrorCode::refused, quoted(place) + " does not exist");
  if (place.warned_missing.exchange(true)) return {};
  tell(place, place.read_only ? Event::Severity::warning : Event::Severity::info, "store.missing",
       quoted(place) + " does not exist, so nothing is cached in it");
  return {};
}

void warn_of_damage(const Place& place, const Error& error) {
  if (place.warned_damaged.exchange(true)) return;
  tell(place, Event::Severity::warning, "store.damaged",
       error.message + "; it is read as if it were empty, and the next write moves it aside");
}

}  // namespace libcache::internal::sqlite
