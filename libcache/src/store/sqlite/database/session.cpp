#include "store/sqlite/database/session.h"

namespace libcache::internal::sqlite {

Result<Opening> begin_opening(const Place& place, bool create, Deadline deadline) {
  const auto directory = place.file.parent_path();
  if (create) {
    if (auto made = make_private_directory(directory); !made) return tl::make_unexpected(made.error());
  }
  Opening opening;
  if (auto lock = DirectoryLock::take(directory, DirectoryLock::Kind::shared, deadline)) {
    opening.lock = std::move(*lock);
  } else if (lock.error().code == ErrorCode::timeout) {
    return tl::make_unexpected(lock.error());
  }
  auto state = look_at(place.file);
  if (state && !*state && create) {
    if (auto made = make_private_file(place.file); !made) return tl::make_unexpected(made.error());
    state = look_at(place.file);
  }
  if (!state) return tl::make_unexpected(state.error());
  if (*state && ((*state)->size != 0 || create)) opening.file = (*state)->id;
  return opening;
}

Status set_aside_and_tell(const Place& place, const FileId& damaged, Deadline deadline) {
  const auto aside = set_aside(place.file, damaged, place.clock(), deadline);
  if (!aside) return tl::make_unexpected(aside.error());
  if (*aside && place.on_event) {
    place.on_event({.severity = Event::Severity::warning,
                    .name = "store.moved_aside",
                    .message = "'" + place.file.string() + "' is damaged or not a database: moved to '" +
                               (*aside)->string() + "', a fresh one is begun"});
  }
  return {};
}

}  // namespace libcache::internal::sqlite
