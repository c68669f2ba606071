// The interface of the key schemes.
#pragma once

#include <libcache/key.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace libcache::internal {

// Reads requests under one set of options, reusing its buffers. One thread at a time.
class Scheme {
 public:
  virtual ~Scheme() = default;

  // Fills in what comes from the request: canonical, left_out, unmatched, stream, model and provider. Fails: invalid.
  virtual Status read(std::string_view request, RequestKey& key) = 0;
  // The hash as it is written in names.
  virtual std::string hash(std::string_view canonical) const = 0;
  // As libcache::explain().
  virtual Result<std::vector<Explanation>> explain(std::string_view request) = 0;
};

// Fails (invalid) for options from which no key can be derived.
Result<std::unique_ptr<Scheme>> create_scheme(const KeyOptions& options);

}  // namespace libcache::internal
