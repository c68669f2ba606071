// Recordings that a test suite did not ask for, named after `serve -- COMMAND`.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "context.h"

namespace llmcache::serve {

class UnusedFixtures {
 public:
  // Watches the uses of the cache, if its store is one of files. Create it before the first call of context.cache().
  explicit UnusedFixtures(Context& context);

  // The paths, within the store's directory, of files whose entry was not used.
  std::vector<std::string> paths() const;

 private:
  struct Names;
  std::optional<std::filesystem::path> directory_;
  std::shared_ptr<Names> used_;
};

// For people: how many, and the first of them. Empty if there are none.
std::string describe_unused(const std::vector<std::string>& paths);

}  // namespace llmcache::serve
