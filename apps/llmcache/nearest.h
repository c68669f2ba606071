// Finds the stored request that is most similar to one that missed, and the differences between the two.
#pragma once

#include <libcache/key.h>
#include <libcache/result.h>
#include <libcache/store.h>
#include <libcache/time.h>

#include <optional>
#include <string>
#include <vector>

namespace llmcache {

struct Nearest {
  std::string name;
  std::vector<libcache::Difference> differences;
};

// Looks at no more than the first thousand entries of the session; nullopt if none of them holds its request. Fails as
// the store does.
libcache::Result<std::optional<Nearest>> find_nearest(libcache::Store& store, const libcache::KeyOptions& options,
                                                      const std::string& request, libcache::Deadline deadline);

// The first differences, one line each: "/messages/0/content: stored ..., asked ...".
std::vector<std::string> describe(const std::vector<libcache::Difference>& differences);

}  // namespace llmcache
