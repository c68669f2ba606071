// Checks the database file, its surroundings and its contents. Changes nothing.
#pragma once

#include <libcache/diagnosis.h>

#include <cstdint>
#include <vector>

#include "store/sqlite/database/session.h"

namespace libcache::internal::sqlite {

// `max_size`: the bytes that it may grow to; 0: no limit.
std::vector<Finding> diagnose(const Place& place, std::uint64_t max_size, const DiagnosisOptions& options,
                              Deadline deadline);

}  // namespace libcache::internal::sqlite
