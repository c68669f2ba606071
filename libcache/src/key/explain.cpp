#include <libcache/key.h>

#include <algorithm>

#include "key/names.h"
#include "key/native.h"
#include "key/request.h"
#include "key/walk.h"
#include "text/canonical.h"

namespace libcache {

namespace {

using Use = Explanation::Use;

std::string canonical(const JsonDocument& document, const JsonNode& node) {
  std::string out;
  append_canonical(out, document, node);
  return out;
}

// A scalar as the request spells it, a container as canonical JSON.
std::string spelling(const JsonDocument& document, const JsonNode& node) {
  if (node.kind == JsonKind::object || node.kind == JsonKind::array) return canonical(document, node);
  std::string token(node.token);
  return node.kind == JsonKind::string ? '"' + token + '"' : token;
}

std::string provider_detail(const KeyOptions& options) {
  std::string detail = "the provider option: ";
  append_canonical_string(detail, *options.provider);
  return detail;
}

std::string why(const Exclusion& exclusion, const KeyOptions& options) {
  switch (exclusion.reason) {
    case Exclusion::Reason::stream:
      return "it selects the kind of entry";
    case Exclusion::Reason::fallbacks:
      return "it only says what to do on an error";
    case Exclusion::Reason::pointer:
      return "the ignore option: " + options.ignore[exclusion.pointer];
    case Exclusion::Reason::by_model:
      return "the by_model option is off";
    case Exclusion::Reason::by_provider:
      return "the by_provider option is off";
    case Exclusion::Reason::replaced:
      return provider_detail(options);
  }
  return {};
}

Explanation explain_excluded(const Exclusion& exclusion, const KeyOptions& options, std::string value) {
  const bool replaced = exclusion.reason == Exclusion::Reason::replaced;
  return {{}, replaced ? Use::set_by_option : Use::ignored, std::move(value), why(exclusion, options)};
}

Explanation explain_kept(const JsonDocument& request, const JsonNode& node) {
  std::string value = spelling(request, node);
  std::string in_key = canonical(request, node);
  if (value == in_key) return {{}, Use::in_key, std::move(value), {}};
  return {{}, Use::rewritten, std::move(value), std::move(in_key)};
}

}  // namespace

Result<std::vector<Explanation>> explain(const KeyOptions& options, std::string_view text) {
  if (auto status = check_names(options); !status) return tl::make_unexpected(status.error());
  const auto scheme = NativeScheme::create(options);
  if (!scheme) return tl::make_unexpected(scheme.error());
  JsonDocument request;
  if (auto status = parse_request(text, request); !status) return tl::make_unexpected(status.error());
  std::vector<Exclusion> exclusions;
  scheme->exclude(request, exclusions);

  std::vector<Explanation> rows;
  auto exclusion = exclusions.begin();
  bool provider_shown = !scheme->added();
  DocumentWalk walk(request);
  while (const JsonNode* node = walk.next()) {
    const std::uint32_t index = request.index_of(*node);
    while (exclusion != exclusions.end() && exclusion->node < index) ++exclusion;
    if (exclusion != exclusions.end() && exclusion->node == index) {
      rows.push_back(explain_excluded(*exclusion, options, spelling(request, *node)));
      provider_shown = provider_shown || exclusion->reason == Exclusion::Reason::replaced;
      walk.skip_children();
    } else if (node->count == 0) {
      rows.push_back(explain_kept(request, *node));
    } else {
      continue;
    }
    rows.back().pointer = walk.pointer();
  }
  if (!provider_shown) rows.push_back({"/provider", Use::set_by_option, {}, provider_detail(options)});
  return rows;
}

}  // namespace libcache
