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

// Of the entries of the session that were used last, at most 1,000, the one whose request has the same model, then the
// same endpoint, then most words in common; nullopt if none of them holds its request. Fails: invalid; as the store
// does.
libcache::Result<std::optional<Nearest>> find_nearest(libcache::Store& store, const libcache::KeyOptions& options,
                                                      const std::string& request, libcache::Deadline deadline);

// The first differences, one line each: "/seed: stored 1, asked 2", and of long texts windows around what differs.
std::vector<std::string> describe(const std::vector<libcache::Difference>& differences);

}  // namespace llmcache
