// A connection that opens when it is needed, notices when its file was replaced, and recovers from failures where it
// can.
#pragma once

#include <libcache/event.h>

#include <atomic>
#include <filesystem>
#include <optional>
#include <utility>

#include "store/sqlite/database/connection.h"
#include "store/sqlite/database/file.h"

namespace libcache::internal::sqlite {

// The database that a store's sessions share.
struct Place {
  std::filesystem::path file;
  Clock clock;
  EventHandler on_event;
  bool strict = false;
  bool read_only = false;
  mutable std::atomic<bool> warned_missing = false;
  mutable std::atomic<bool> warned_damaged = false;
};

// How a session uses the file. Only `write` creates it or moves a damaged one aside.
enum class Access {
  observe,  // reads, and leaves no trace on disk
  read,
  write,
};

// The requirements of one call of a session.
struct Request {
  UnixTime now;
  Deadline deadline;
  bool create = false;         // a file that does not exist is created; otherwise there is nothing to do
  bool frees_space = false;    // may do its work in place when there is no disk space for the log
  bool may_set_aside = false;  // a damaged file is moved aside
};

// A file that is about to be opened, and cannot be moved aside by others while this exists.
struct Opening {
  std::optional<DirectoryLock> lock;  // nothing where a directory cannot be locked: then only that race is not excluded
  std::optional<FileId> file;         // nothing: there is no database
};

// Checks that the file is ours and, if `create`, creates it where there is none. Fails: refused, timeout.
Result<Opening> begin_opening(const Place& place, bool create, Deadline deadline);

// Detects changes of a database and its log without locks.
struct Fingerprint {
  struct File {
    FileId id;
    off_t size = 0;
    std::int64_t changed = 0;  // nanoseconds since 1970
    bool operator==(const File&) const = default;
  };
  File database;
  File log;  // without content: the same as none
  bool operator==(const Fingerprint&) const = default;
};
Fingerprint fingerprint_of(const std::filesystem::path& file);

// The connection to open. `unlocked`: neither locks nor files beside the database are to be used.
Connection::Mode mode_of(Access access, bool unlocked, const std::filesystem::path& file, const Fingerprint& files);

// Fails (refused) if the file is on a file system without locks.
Status check_locks(const Place& place);

// Moves the damaged file aside, with an event if it was this process that did. Fails: refused, timeout.
Status set_aside_and_tell(const Place& place, const FileId& damaged, Deadline deadline);

// Reports once that the file does not exist. Fails (refused) for a strict store that may not create it.
Status warn_if_missing(const Place& place);

// Reports once that the file is damaged and is read as if it were empty.
void warn_of_damage(const Place& place, const Error& error);

// A file's connection as T, which is a Reader or a Writer. One thread at a time.
template <class T>
class Session {
 public:
  // `place` must outlive this.
  Session(const Place& place, Access access) : place_(place), access_(access) {}

  // Returns body(connection), an Outcome<R>; or R{} if there is no database and none should be created. Tries again
  // after failures that can be waited for or remedied.
  template <class R, class Body>
  Result<R> run(const Request& request, const Body& body) {
    constexpr int kMostRemedies = 3;
    std::optional<Deadline> limit;
    for (int attempt = 0, remedies = 0;; ++attempt) {
      auto outcome = run_once<R>(request, body);
      if (way_ == Way::in_place) close();
      if (outcome) return std::move(*outcome);
      const Failure& failure = outcome.error();
      if (failure.remedy == Failure::Remedy::wait) {
        if (!limit) limit = limit_of_wait(request.deadline);
        if (back_off(attempt, *limit)) continue;
      } else if (++remedies <= kMostRemedies && can_remedy(failure, request)) {
        if (auto remedied = remedy(failure, request.deadline); !remedied) return fail(remedied.error());
        continue;
      } else if (is_read_as_empty(failure)) {
        close();
        warn_of_damage(place_, failure.error);
        return R{};
      }
      if (!connection_) way_ = Way::usual;
      return fail(failure.error);
    }
  }

 private:
  enum class Way { usual, unlocked, in_place };

  template <class R, class Body>
  Outcome<R> run_once(const Request& request, const Body& body) {
    close_if_stale(request.now);
    if (!connection_) {
      if (auto opened = open(request); !opened) return pass_on(opened);
      if (!connection_) return R{};
      checked_ = request.now;
    }
    connection_->connection().wait_until(request.deadline);
    auto outcome = body(*connection_);
    if (!is_unlocked(mode_) || fingerprint_of(place_.file) == seen_) return outcome;
    // A writer has changed the files meanwhile: the result may be old or torn.
    close();
    return tl::make_unexpected(Failure{{ErrorCode::timeout, "'" + place_.file.string() +
                                                                "' kept changing while it was "
                                                                "being read without locks"},
                                       Failure::Remedy::wait});
  }

  void close_if_stale(UnixTime now) {
    constexpr auto kBetweenChecks = std::chrono::seconds(1);
    if (!connection_) return;
    if (is_unlocked(mode_)) {
      if (access_ == Access::read && way_ == Way::usual) close();  // see open()
      return;
    }
    // Another process or a person may have moved the file away. A write must not be lost to that; a read may notice it
    // a little later.
    const auto age = now - checked_;
    if (access_ != Access::write && age >= Milliseconds(0) && age < kBetweenChecks) return;
    checked_ = now;
    if (connection_->connection().moved()) close();
  }

  void close() {
    connection_.reset();
    way_ = Way::usual;
  }

  Outcome<void> open(const Request& request) {
    const auto opening = begin_opening(place_, request.create, request.deadline);
    if (!opening) return tl::make_unexpected(Failure{opening.error()});
    if (!opening->file) {
      if (auto exists = warn_if_missing(place_); !exists) return tl::make_unexpected(Failure{exists.error()});
      return {};
    }
    file_ = *opening->file;
    seen_ = fingerprint_of(place_.file);
    const auto lockable = check_locks(place_);
    if (!lockable && access_ == Access::write) return tl::make_unexpected(Failure{lockable.error()});
    // A program that reads once usually finds no log, and then does not create one. At a second read it shares the log
    // with writers.
    const bool looks_once = access_ == Access::read && !std::exchange(has_looked_, true) && seen_.log.size == 0;
    mode_ = way_ == Way::in_place
                ? Connection::Mode::write_in_place
                : mode_of(access_, looks_once || !lockable || way_ == Way::unlocked, place_.file, seen_);
    auto opened = T::open(place_.file, file_, mode_, request.deadline);
    if (!opened) return pass_on(opened);
    connection_ = std::move(*opened);
    return {};
  }

  bool can_remedy(const Failure& failure, const Request& request) const {
    if (way_ != Way::usual) return false;
    switch (failure.remedy) {
      case Failure::Remedy::set_aside:
        return access_ == Access::write && request.may_set_aside && !place_.strict;
      case Failure::Remedy::read_unlocked:
        return access_ != Access::write;
      case Failure::Remedy::write_in_place:
        return access_ != Access::write || request.frees_space;
      case Failure::Remedy::none:
      case Failure::Remedy::wait:
        break;
    }
    return false;
  }

  Status remedy(const Failure& failure, Deadline deadline) {
    close();
    if (failure.remedy == Failure::Remedy::set_aside) return set_aside_and_tell(place_, file_, deadline);
    way_ = access_ == Access::write ? Way::in_place : Way::unlocked;
    return {};
  }

  bool is_read_as_empty(const Failure& failure) const {
    return failure.remedy == Failure::Remedy::set_aside && access_ == Access::read && !place_.strict;
  }

  const Place& place_;
  const Access access_;
  Connection::Mode mode_ = Connection::Mode::read;
  Way way_ = Way::usual;
  bool has_looked_ = false;
  std::optional<T> connection_;
  FileId file_;       // the file that was opened, or should have been
  Fingerprint seen_;  // of the files when they were opened
  UnixTime checked_;  // when the file was last seen at its path
};

}  // namespace libcache::internal::sqlite
