// The native key scheme: canonical JSON without the ignored members, hashed with XXH3-128.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "key/pointer.h"
#include "key/scheme.h"
#include "text/json/canonical.h"
#include "text/json/document.h"

namespace libcache::internal {

class NativeScheme final : public Scheme {
 public:
  // Fails (invalid) for a malformed ignore pointer.
  static Result<std::unique_ptr<Scheme>> create(const KeyOptions& options);

  Status read(std::string_view request, RequestKey& key) override;
  std::string hash(std::string_view canonical) const override;
  Result<std::vector<Explanation>> explain(std::string_view request) override;

 private:
  // A member that is removed from the request or replaced.
  struct Exclusion {
    enum class Reason { stream, pointer, by_model, by_provider, replaced };  // in the order in which they apply
    std::uint32_t node = 0;
    Reason reason = Reason::pointer;
    std::size_t pointer = 0;  // its index in the ignore option
    auto operator<=>(const Exclusion&) const = default;
  };

  explicit NativeScheme(const KeyOptions& options) : options_(options) {}
  Status parse(std::string_view request);
  void exclude();
  void exclude(std::string_view member, Exclusion::Reason reason);
  void drop_ineffective();
  std::string left_out() const;
  std::optional<CanonicalEdits::Member> added() const;
  Explanation explain_excluded(const Exclusion& exclusion, std::string pointer, std::string value) const;

  KeyOptions options_;
  std::vector<JsonPointer> ignore_;
  JsonDocument request_;
  std::vector<Exclusion> exclusions_;  // of request_, sorted by node
  std::vector<std::string> unmatched_;
  std::vector<std::uint32_t> removed_;
};

}  // namespace libcache::internal
