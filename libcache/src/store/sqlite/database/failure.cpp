#include "store/sqlite/database/failure.h"

#include <sqlite3.h>

#include <algorithm>
#include <system_error>

namespace libcache::internal::sqlite {
namespace {

using Remedy = Failure::Remedy;

struct Meaning {
  int code;  // extended codes are looked up before primary ones
  ErrorCode error;
  Remedy remedy;
  const char* advice;
};

constexpr const char* kLocked = "another process kept it locked";
constexpr const char* kNotWritable = "check the permissions of the file and its directory";
constexpr const char* kDamaged = "it is damaged; move it away, or choose another --store path";
constexpr const char* kNoSpace = "free some space on the file system";

constexpr Meaning kMeanings[] = {
    {SQLITE_BUSY, ErrorCode::timeout, Remedy::wait, kLocked},
    {SQLITE_LOCKED, ErrorCode::timeout, Remedy::wait, kLocked},
    {SQLITE_PROTOCOL, ErrorCode::timeout, Remedy::wait, kLocked},
    {SQLITE_CORRUPT, ErrorCode::refused, Remedy::set_aside, kDamaged},
    {SQLITE_NOTADB, ErrorCode::refused, Remedy::set_aside, kDamaged},
    // Our statements are right for our schema and their values are checked, so these mean that the schema is damaged.
    {SQLITE_ERROR, ErrorCode::refused, Remedy::set_aside, kDamaged},
    {SQLITE_CONSTRAINT, ErrorCode::refused, Remedy::set_aside, kDamaged},
    {SQLITE_MISMATCH, ErrorCode::refused, Remedy::set_aside, kDamaged},
    {SQLITE_TOOBIG, ErrorCode::refused, Remedy::set_aside, kDamaged},
    {SQLITE_CANTOPEN, ErrorCode::refused, Remedy::read_unlocked, kNotWritable},
    {SQLITE_READONLY_DBMOVED, ErrorCode::unavailable, Remedy::wait, "the file was moved away"},
    {SQLITE_READONLY, ErrorCode::refused, Remedy::read_unlocked, kNotWritable},
    {SQLITE_IOERR_SHMOPEN, ErrorCode::refused, Remedy::read_unlocked, kNotWritable},
    {SQLITE_IOERR_SHMSIZE, ErrorCode::refused, Remedy::write_in_place, kNoSpace},
    {SQLITE_IOERR_SHMMAP, ErrorCode::refused, Remedy::read_unlocked, kNoSpace},
    {SQLITE_IOERR_NOMEM, ErrorCode::unavailable, Remedy::none, "out of memory"},
    {SQLITE_IOERR, ErrorCode::refused, Remedy::none, "check the disk, its free space and the limit on file sizes"},
    {SQLITE_FULL, ErrorCode::refused, Remedy::write_in_place, kNoSpace},
    {SQLITE_PERM, ErrorCode::refused, Remedy::none, kNotWritable},
    {SQLITE_AUTH, ErrorCode::refused, Remedy::none, kNotWritable},
    {SQLITE_NOMEM, ErrorCode::unavailable, Remedy::none, "out of memory"},
};

constexpr Meaning kUnexpected{0, ErrorCode::internal, Remedy::none, "unexpected"};

const Meaning& meaning_of(int code) {
  for (const int wanted : {code, code & 0xff}) {
    const auto* found = std::ranges::find(kMeanings, wanted, &Meaning::code);
    if (found != std::end(kMeanings)) return *found;
  }
  return kUnexpected;
}

}  // namespace

Failure failure_of(sqlite3* database, int code) {
  const char* const path = sqlite3_db_filename(database, "main");
  return failure_of(database, code, path == nullptr ? "" : path);
}

Failure failure_of(sqlite3* database, int code, const std::string& path) {
  const auto& meaning = meaning_of(code);
  std::string message = "'" + path + "': " + sqlite3_errstr(code);
  const int cause = sqlite3_system_errno(database);
  const int primary = code & 0xff;
  if (cause != 0 && (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN || primary == SQLITE_FULL)) {
    message += " (" + std::generic_category().message(cause) + ")";
  }
  return Failure{Error{meaning.error, message + ": " + meaning.advice}, meaning.remedy};
}

}  // namespace libcache::internal::sqlite
