// The database that hits are measured on.
#pragma once

#include <libcache/cache.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace bench {

inline constexpr std::size_t kRequestSize = 2 << 10;
inline constexpr std::size_t kAnswerSize = 4 << 10;

// A cache over a database file. Throws where it cannot be had, as everything here does.
std::unique_ptr<libcache::Cache> open_cache(const std::filesystem::path& database);

// Stores answers to `entries` requests, which never expire.
void fill_database(const std::filesystem::path& database, unsigned entries);

// The requests that hits are measured with. The database holds them if it was filled with at least kSamples entries.
inline constexpr unsigned kSamples = 1000;
std::vector<std::string> sample_requests();

}  // namespace bench
