#include "store/sqlite/database/header.h"

#include <string>

namespace libcache::internal::sqlite {
namespace {

// Where the file format has them (https://www.sqlite.org/fileformat.html).
constexpr std::string_view kMagic("SQLite format 3\0", 16);
constexpr std::size_t kUserVersionAt = 60;
constexpr std::size_t kApplicationIdAt = 68;

std::uint32_t number_at(std::string_view bytes, std::size_t offset) {
  std::uint32_t number = 0;
  for (const char byte : bytes.substr(offset, 4)) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

}  // namespace

Status check_header(std::string_view bytes, std::string_view path) {
  const auto refuse = [&](std::string_view why) {
    return fail(ErrorCode::refused, "'" + std::string(path) + "' " + std::string(why));
  };
  if (bytes.empty()) return refuse("is an empty file, not an SQLite database; choose another --store path");
  if (bytes.size() < kHeaderSize || !bytes.starts_with(kMagic)) {
    return refuse("is not an SQLite database; choose another --store path");
  }
  if (number_at(bytes, kApplicationIdAt) != kApplicationId) {
    return refuse("is an SQLite database of another program; choose another --store path");
  }
  if (number_at(bytes, kUserVersionAt) > kSchemaVersion) {
    return refuse("was written by a newer version of llmcache; update llmcache, or choose another --store path");
  }
  return {};
}

}  // namespace libcache::internal::sqlite
