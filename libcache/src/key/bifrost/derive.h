// The keys of a Bifrost gateway with its Redis plugin: what Go writes of the members that the plugin looks at, hashed
// with XXH64.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "key/bifrost/record.h"
#include "key/scheme.h"
#include "text/json/document.h"

namespace libcache::internal {

class BifrostScheme final : public Scheme {
 public:
  // Fails (invalid) for the options that a gateway does not have: ignore and sample.
  static Result<std::unique_ptr<Scheme>> create(const KeyOptions& options);

  Status read(std::string_view request, RequestKey& key) override;
  std::string hash(std::string_view canonical) const override;
  Result<std::vector<Explanation>> explain(std::string_view request) override;

 private:
  // Whom a request is for, and which members say so: in an HTTP body one member says both.
  struct Target {
    std::string provider;
    std::string model;
    const JsonNode* provider_node = nullptr;
    const JsonNode* model_node = nullptr;
  };

  explicit BifrostScheme(const KeyOptions& options) : options_(options) {}
  Result<Target> write(std::string_view request, std::string& canonical, std::vector<bifrost::Trace>* traces);
  Result<BifrostForm> form() const;
  Result<Target> target(BifrostForm form) const;
  Result<std::string> text_of(const JsonNode* member) const;
  void write_target(std::string& out, const Target& target) const;
  Explanation explain_target(const Target& target, const JsonNode& node) const;
  Explanation explain_dropped(const JsonNode& node) const;

  KeyOptions options_;
  JsonDocument request_;
};

}  // namespace libcache::internal
