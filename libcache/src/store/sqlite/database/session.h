// A connection that opens itself when it is needed, notices when its file has gone, and remedies what it can.
#pragma once

#include <libcache/event.h>

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
  bool sets_aside = true;  // a damaged file is moved away and a fresh one begun; otherwise it is an error
};

// A file that is about to be opened, and cannot be set aside by others while this lives.
struct Opening {
  std::optional<DirectoryLock> lock;  // nothing where a directory cannot be locked: then only that race is not excluded
  std::optional<FileId> file;         // nothing: there is no database
};

// Looks for the file and, if `create`, makes an empty one where there is none. Fails: refused, timeout.
Result<Opening> begin_opening(const Place& place, bool create, Deadline deadline);

// Moves the damaged file away, and tells if it was this process that did. Fails: refused, timeout.
Status set_aside_and_tell(const Place& place, const FileId& damaged, Deadline deadline);

// A file's connection as T, which is a Reader or a Writer. One thread at a time.
template <class T>
class Session {
 public:
  // `place` must outlive this.
  Session(const Place& place, Connection::Mode mode) : place_(place), preferred_mode_(mode), mode_(mode) {}

  // Gives body(connection), an Outcome<R>; or R{} if there is no database and none is to be created. Tries again after
  // what can be waited for or remedied.
  template <class R, class Body>
  Result<R> run(UnixTime now, bool create, Deadline deadline, const Body& body) {
    constexpr int kMostRemedies = 3;
    for (int attempt = 0, remedies = 0;; ++attempt) {
      auto outcome = run_once<R>(now, create, deadline, body);
      if (outcome) return std::move(*outcome);
      const auto& failure = outcome.error();
      if (failure.remedy == Failure::Remedy::wait) {
        if (back_off(attempt, deadline)) continue;
      } else if (++remedies <= kMostRemedies && can_remedy(failure)) {
        if (auto remedied = remedy(failure, deadline); !remedied) return tl::make_unexpected(remedied.error());
        continue;
      }
      return tl::make_unexpected(failure.error);
    }
  }

 private:
  template <class R, class Body>
  Outcome<R> run_once(UnixTime now, bool create, Deadline deadline, const Body& body) {
    close_if_stale(now);
    if (!connection_) {
      if (auto opened = open(create, deadline); !opened) return pass_on(opened);
      if (!connection_) return R{};
      checked_ = now;
    }
    connection_->connection().wait_until(deadline);
    return body(*connection_);
  }

  // Another process or a person may have moved the file away. A write must not be lost to that; a read may be late a
  // little.
  void close_if_stale(UnixTime now) {
    constexpr auto kBetweenChecks = std::chrono::seconds(1);
    if (!connection_) return;
    const auto age = now - checked_;
    if (mode_ != Connection::Mode::write && age >= Milliseconds(0) && age < kBetweenChecks) return;
    checked_ = now;
    // What was read as it lay is looked at afresh, since nothing else tells of changes.
    if (mode_ == Connection::Mode::read_immutable || connection_->connection().moved()) close();
  }

  void close() {
    connection_.reset();
    mode_ = preferred_mode_;
  }

  Outcome<void> open(bool create, Deadline deadline) {
    const auto opening = begin_opening(place_, create, deadline);
    if (!opening) return tl::make_unexpected(Failure{opening.error()});
    if (!opening->file) return {};
    file_ = *opening->file;
    auto opened = T::open(place_.file, mode_, deadline);
    if (!opened) return pass_on(opened);
    connection_ = std::move(*opened);
    return {};
  }

  bool can_remedy(const Failure& failure) const {
    switch (failure.remedy) {
      case Failure::Remedy::set_aside:
        return place_.sets_aside && mode_ != Connection::Mode::read_immutable;
      case Failure::Remedy::read_immutable:
        return mode_ == Connection::Mode::read;
      case Failure::Remedy::none:
      case Failure::Remedy::wait:
        break;
    }
    return false;
  }

  Status remedy(const Failure& failure, Deadline deadline) {
    close();
    if (failure.remedy == Failure::Remedy::set_aside) return set_aside_and_tell(place_, file_, deadline);
    mode_ = Connection::Mode::read_immutable;
    return {};
  }

  const Place& place_;
  Connection::Mode preferred_mode_;
  Connection::Mode mode_;
  std::optional<T> connection_;
  FileId file_;       // what was opened, or was to be
  UnixTime checked_;  // when it was last seen at its path
};

}  // namespace libcache::internal::sqlite
