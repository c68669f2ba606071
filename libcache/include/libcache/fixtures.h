// The files of a dir: store, for the people who keep them in git: which ones a lookup finds, and which ones it does not
// because they were edited or damaged. llmcache-format(5) describes the files.
#pragma once

#include <libcache/export.h>
#include <libcache/result.h>

#include <filesystem>
#include <string>
#include <vector>

namespace libcache LIBCACHE_EXPORT {

/// One file of a dir: store. A value.
struct Fixture {
  enum class State {
    good,       ///< a lookup of its request finds it
    misnamed,   ///< its request was edited: it has the name of another request, and no lookup finds it
    duplicate,  ///< another file answers the same request
    damaged,    ///< it cannot be read
  };
  std::string path;  ///< within the directory
  State state = State::good;
  std::string name = {};      ///< of its entry; empty if it is damaged
  std::string problem = {};   ///< for people, unless it is good
  std::string new_path = {};  ///< misnamed: where it belongs
};

/// Reads all files of a directory whose names end in ".json", sorted by path. Fails: refused, also if there is no such
/// directory.
[[nodiscard]] Result<std::vector<Fixture>> check_fixtures(const std::filesystem::path& directory);

/// Renames a misnamed file, but never over another one. Fails: refused.
[[nodiscard]] Status fix_fixture(const std::filesystem::path& directory, const Fixture& fixture);

}  // namespace libcache LIBCACHE_EXPORT
