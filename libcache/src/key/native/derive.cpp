#include "key/native/derive.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/hash.h"

namespace libcache::internal {

Result<std::unique_ptr<Scheme>> NativeScheme::create(const KeyOptions& options) {
  std::unique_ptr<NativeScheme> scheme(new NativeScheme(options));
  for (const std::string& text : options.ignore) {
    auto pointer = JsonPointer::parse(text);
    if (!pointer) return fail(pointer.error());
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
  key.left_out = left_out();
  key.unmatched = unmatched_;

  const JsonNode* const stream = request_.find(request_.root(), "stream");
  key.stream = stream != nullptr && stream->kind == JsonKind::true_;
  const JsonNode* const model = request_.find(request_.root(), "model");
  key.has_model = model != nullptr;
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
  unmatched_.clear();
  const JsonNode* const stream = request_.find(request_.root(), "stream");
  if (stream != nullptr && stream->kind == JsonKind::true_) exclude("stream", Reason::stream);
  for (std::size_t index = 0; index < ignore_.size(); ++index) {
    const std::size_t before = exclusions_.size();
    for (const std::uint32_t node : ignore_[index].find(request_)) {
      if (request_.node(node).in_object) exclusions_.push_back({node, Reason::pointer, index});
    }
    if (exclusions_.size() == before) unmatched_.push_back(options_.ignore[index]);
  }
  if (!options_.by_model) exclude("model", Reason::by_model);
  if (!options_.by_provider) exclude("provider", Reason::by_provider);
  if (added()) exclude("provider", Reason::replaced);
  if (exclusions_.size() > 1) drop_ineffective();
}

void NativeScheme::exclude(std::string_view member, Exclusion::Reason reason) {
  const JsonNode* const node = request_.find(request_.root(), member);
  if (node != nullptr) exclusions_.push_back({request_.index_of(*node), reason, 0});
}

// Sorts the exclusions and drops those whose member, or one around it, had been removed before.
void NativeScheme::drop_ineffective() {
  std::ranges::sort(exclusions_);
  const auto order = [](const Exclusion& exclusion) { return std::pair(exclusion.reason, exclusion.pointer); };
  std::vector<const Exclusion*> around;
  std::vector<Exclusion> effective;
  effective.reserve(exclusions_.size());
  for (const Exclusion& exclusion : exclusions_) {
    while (!around.empty() && request_.node(around.back()->node).end <= exclusion.node) around.pop_back();
    if (!around.empty() && order(*around.back()) < order(exclusion)) continue;
    around.push_back(&exclusion);
    effective.push_back(exclusion);
  }
  exclusions_ = std::move(effective);
}

std::string NativeScheme::left_out() const {
  using Reason = Exclusion::Reason;
  std::vector<std::string_view> names;
  for (const Exclusion& exclusion : exclusions_) {
    if (exclusion.reason == Reason::pointer) names.push_back(options_.ignore[exclusion.pointer]);
    if (exclusion.reason == Reason::by_model) names.push_back("model");
    if (exclusion.reason == Reason::by_provider) names.push_back("provider");
  }
  if (options_.provider && !options_.by_provider) names.push_back("provider");  // set by the option, then removed
  if (names.empty()) return {};
  std::ranges::sort(names);
  const auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
  return fmt::format("{}", fmt::join(names, ","));
}

std::optional<CanonicalEdits::Member> NativeScheme::added() const {
  if (!options_.provider || !options_.by_provider) return std::nullopt;
  return CanonicalEdits::Member{"provider", *options_.provider};
}

}  // namespace libcache::internal
