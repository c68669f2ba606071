// A look at the database file, its surroundings and its contents. Changes nothing.
#pragma once

#include <libcache/diagnosis.h>

#include <cstdint>
#include <filesystem>
#include <vector>

namespace libcache::internal::sqlite {

// What may grow to `max_size` bytes (0: without bound).
std::vector<Finding> diagnose(const std::filesystem::path& file, std::uint64_t max_size,
                              const DiagnosisOptions& options, Deadline deadline);

}  // namespace libcache::internal::sqlite
