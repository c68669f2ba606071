// The native key scheme: which members of a request count.
#pragma once

#include <libcache/key.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "key/pointer.h"
#include "text/canonical.h"
#include "text/json.h"

namespace libcache {

// A member that does not go into the key as it stands.
struct Exclusion {
  enum class Reason { stream, fallbacks, pointer, by_model, by_provider, replaced };
  std::uint32_t node = 0;
  Reason reason = Reason::pointer;
  std::size_t pointer = 0;  // which of the ignore option's
};

class NativeScheme {
 public:
  // Fails (invalid) for a malformed pointer and for a provider that is not UTF-8.
  static Result<NativeScheme> create(const KeyOptions& options);

  // Puts the members of a request (an object) that do not count into `out`, by node, each with one reason.
  void exclude(const JsonDocument& request, std::vector<Exclusion>& out) const;

  // The member that the provider option adds. Refers to this scheme.
  std::optional<CanonicalEdits::Member> added() const;

 private:
  std::vector<JsonPointer> ignore_;
  std::optional<std::string> provider_;
  bool by_model_ = true;
  bool by_provider_ = true;
};

}  // namespace libcache
