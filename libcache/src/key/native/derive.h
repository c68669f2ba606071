// The native key scheme: canonical JSON without the members that do not count, hashed with XXH3-128.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "key/pointer.h"
#include "key/scheme.h"
#include "text/json/canonical.h"
#include "text/json/document.h"

namespace libcache::internal {

class NativeScheme final : public Scheme {
 public:
  // Fails (invalid) for a malformed pointer.
  static Result<std::unique_ptr<Scheme>> create(const KeyOptions& options);

  Status read(std::string_view request, RequestKey& key) override;
  std::string hash(std::string_view canonical) const override;
  Result<std::vector<Explanation>> explain(std::string_view request) override;

 private:
  // A member that does not go into the key as it stands.
  struct Exclusion {
    enum class Reason { stream, fallbacks, pointer, by_model, by_provider, replaced };
    std::uint32_t node = 0;
    Reason reason = Reason::pointer;
    std::size_t pointer = 0;  // which of the ignore option's
  };

  explicit NativeScheme(const KeyOptions& options) : options_(options) {}
  Status parse(std::string_view request);
  void exclude();
  void exclude(const JsonNode* node, Exclusion::Reason reason, std::size_t pointer = 0);
  std::optional<CanonicalEdits::Member> added() const;
  Explanation explain_excluded(const Exclusion& exclusion, std::string pointer, std::string value) const;

  KeyOptions options_;
  std::vector<JsonPointer> ignore_;
  JsonDocument request_;
  std::vector<Exclusion> exclusions_;  // of request_, by node
  std::vector<std::uint32_t> removed_;
};

}  // namespace libcache::internal
