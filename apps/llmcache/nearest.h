// Finds the stored request that is most similar to one that missed, and the differences between the two.
#pragma once

#include <libcache/entry.h>
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
  std::string endpoint;
  std::vector<libcache::Difference> differences;  // none: it is the same request
};

// Of the entries of the session that were used last, at most 1,000, the one whose request has the same model, then the
// same endpoint, then most words in common; nullopt if none of them holds its request. Fails: invalid; as the store
// does.
libcache::Result<std::optional<Nearest>> find_nearest(libcache::Store& store, const libcache::KeyOptions& options,
                                                      const std::string& request, libcache::Deadline deadline);

// What makes the nearest request another entry although it is the same request. `asked`: the kind of entry that was looked up.
std::string why_same_request_missed(const libcache::RequestKey& key, const Nearest& nearest, libcache::EntryKind asked,
                                    libcache::KeyScheme scheme);

// The first differences, one line each: "/seed: stored 1, asked 2", and of long texts windows around what differs.
std::vector<std::string> describe(const std::vector<libcache::Difference>& differences);

}  // namespace llmcache
