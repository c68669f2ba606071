#include "key/native.h"

#include <algorithm>

#include "text/utf8.h"

namespace libcache {

Result<NativeScheme> NativeScheme::create(const KeyOptions& options) {
  NativeScheme scheme;
  for (const std::string& text : options.ignore) {
    auto pointer = JsonPointer::parse(text);
    if (!pointer) return tl::make_unexpected(pointer.error());
    scheme.ignore_.push_back(*std::move(pointer));
  }
  if (options.provider && valid_utf8_prefix(*options.provider) < options.provider->size()) {
    return fail(ErrorCode::invalid, "the provider is not UTF-8");
  }
  scheme.provider_ = options.provider;
  scheme.by_model_ = options.by_model;
  scheme.by_provider_ = options.by_provider;
  return scheme;
}

void NativeScheme::exclude(const JsonDocument& request, std::vector<Exclusion>& out) const {
  using Reason = Exclusion::Reason;
  out.clear();
  const auto add = [&](const JsonNode* node, Reason reason, std::size_t pointer = 0) {
    if (node == nullptr || !node->in_object) return;
    const std::uint32_t index = request.index_of(*node);
    const auto same_node = [index](const Exclusion& other) { return other.node == index; };
    if (std::none_of(out.begin(), out.end(), same_node)) out.push_back({index, reason, pointer});
  };
  const auto add_member = [&](std::string_view name, Reason reason) {
    add(request.find(request.root(), name), reason);
  };
  add_member("stream", Reason::stream);
  add_member("fallbacks", Reason::fallbacks);
  if (!by_model_) add_member("model", Reason::by_model);
  if (!by_provider_) {
    add_member("provider", Reason::by_provider);
  } else if (provider_) {
    add_member("provider", Reason::replaced);
  }
  for (std::size_t index = 0; index < ignore_.size(); ++index)
    add(ignore_[index].find(request), Reason::pointer, index);
  std::sort(out.begin(), out.end(),
            [](const Exclusion& left, const Exclusion& right) { return left.node < right.node; });
}

std::optional<CanonicalEdits::Member> NativeScheme::added() const {
  if (!provider_ || !by_provider_) return std::nullopt;
  return CanonicalEdits::Member{"provider", *provider_};
}

}  // namespace libcache
