// Secrets in entries that come from elsewhere: another store, or an export.
#pragma once

#include <libcache/cache.h>

#include <vector>

namespace libcache::internal {

// Does what the policy says about secrets in the values of an entry: with `redact` it replaces them, and drops the request
// of an entry that has any. Fails: policy, if they hold a secret that the policy refuses or that cannot be replaced;
// corrupt.
Status remove_secrets(std::vector<NamedValue>& values, OnSecret on_secret, KeyScheme scheme);

}  // namespace libcache::internal
