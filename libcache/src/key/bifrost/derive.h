// The keys of a Bifrost gateway with its Redis plugin: a request is decoded as the gateway decodes it, the members that
// the plugin looks at are encoded as Go encodes them, and the bytes are hashed with XXH64.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "key/bifrost/encode.h"
#include "key/bifrost/request.h"
#include "key/scheme.h"
#include "text/json/document.h"

namespace libcache::internal {

class BifrostScheme final : public Scheme {
 public:
  // Fails (invalid) for the options that a gateway does not have: endpoint, ignore and sample.
  static Result<std::unique_ptr<Scheme>> create(const KeyOptions& options);

  Status read(std::string_view request, RequestKey& key) override;
  std::string hash(std::string_view canonical) const override;
  Result<std::vector<Explanation>> explain(std::string_view request) override;

 private:
  struct Hashed {
    bifrost::Target target;
    std::string bytes;
    bool stream = false;
  };
  // The members that name the target: in an HTTP body one names both.
  struct TargetNodes {
    const JsonNode* provider;
    const JsonNode* model;
  };

  explicit BifrostScheme(const KeyOptions& options) : options_(options) {}
  Result<Hashed> hashed(std::string_view request, std::vector<bifrost::Trace>* traces);
  Result<BifrostForm> form() const;
  const JsonNode* find_member(std::string_view name) const;
  void write_target(std::string& out, const bifrost::Target& target) const;
  Explanation explain_target(const Hashed& hashed, const TargetNodes& nodes, const JsonNode& node) const;
  Explanation explain_dropped(const JsonNode& node) const;

  KeyOptions options_;
  JsonDocument request_;
};

}  // namespace libcache::internal
