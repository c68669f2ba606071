#include "key/native/derive.h"

#include <algorithm>

#include "base/hash.h"

namespace libcache::internal {

Result<std::unique_ptr<Scheme>> NativeScheme::create(const KeyOptions& options) {
  std::unique_ptr<NativeScheme> scheme(new NativeScheme(options));
  for (const std::string& text : options.ignore) {
    auto pointer = JsonPointer::parse(text);
    if (!pointer) return tl::make_unexpected(pointer.error());
    scheme->ignore_.push_back(*std::move(pointer));
  }
  return scheme;
}

Status NativeScheme::parse(std::string_view request) {
  if (auto status = request_.parse(request); !status) return status;
  if (request_.root().kind != JsonKind::object) return fail(ErrorCode::invalid, "the request is not a JSON object");
  exclude();
  return {};
}

Status NativeScheme::read(std::string_view request, RequestKey& key) {
  if (auto status = parse(request); !status) return status;
  removed_.clear();
  for (const Exclusion& exclusion : exclusions_) removed_.push_back(exclusion.node);
  constexpr std::size_t kSpare = 64;  // lets append_canonical end without growing the string
  key.canonical.reserve(request.size() + kSpare);
  append_canonical(key.canonical, request_, request_.root(), {removed_, added()});

  const JsonNode* const stream = request_.find(request_.root(), "stream");
  key.stream = stream != nullptr && stream->kind == JsonKind::true_;
  const JsonNode* const model = request_.find(request_.root(), "model");
  if (model != nullptr && model->kind == JsonKind::string) {
    std::string scratch;
    key.model = JsonDocument::unescape(*model, scratch);
  }
  return {};
}

std::string NativeScheme::hash(std::string_view canonical) const {
  return xxh3_128_hex(canonical);
}

void NativeScheme::exclude() {
  using Reason = Exclusion::Reason;
  exclusions_.clear();
  const auto member = [this](std::string_view name) { return request_.find(request_.root(), name); };
  exclude(member("stream"), Reason::stream);
  exclude(member("fallbacks"), Reason::fallbacks);
  if (!options_.by_model) exclude(member("model"), Reason::by_model);
  if (!options_.by_provider) exclude(member("provider"), Reason::by_provider);
  if (options_.provider) exclude(member("provider"), Reason::replaced);
  for (std::size_t index = 0; index < ignore_.size(); ++index) {
    exclude(ignore_[index].find(request_), Reason::pointer, index);
  }
  const auto by_node = [](const Exclusion& left, const Exclusion& right) { return left.node < right.node; };
  std::sort(exclusions_.begin(), exclusions_.end(), by_node);
}

// Of several reasons to leave a member out the first counts.
void NativeScheme::exclude(const JsonNode* node, Exclusion::Reason reason, std::size_t pointer) {
  if (node == nullptr || !node->in_object) return;
  const std::uint32_t index = request_.index_of(*node);
  const auto same_node = [index](const Exclusion& other) { return other.node == index; };
  if (std::none_of(exclusions_.begin(), exclusions_.end(), same_node)) exclusions_.push_back({index, reason, pointer});
}

std::optional<CanonicalEdits::Member> NativeScheme::added() const {
  if (!options_.provider || !options_.by_provider) return std::nullopt;
  return CanonicalEdits::Member{"provider", *options_.provider};
}

}  // namespace libcache::internal
