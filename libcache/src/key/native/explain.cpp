#include "key/explanation.h"
#include "key/native/derive.h"
#include "key/walk.h"

namespace libcache::internal {

Explanation NativeScheme::explain_excluded(const Exclusion& exclusion, std::string pointer, std::string value) const {
  using Reason = Exclusion::Reason;
  Explanation row{std::move(pointer), Explanation::Use::ignored, std::move(value), {}};
  switch (exclusion.reason) {
    case Reason::stream:
      row.detail = "it selects the kind of entry";
      break;
    case Reason::pointer:
      row.detail = "the ignore option: " + options_.ignore[exclusion.pointer];
      break;
    case Reason::by_model:
      row.detail = "the by_model option is off";
      break;
    case Reason::by_provider:
      row.detail = "the by_provider option is off";
      break;
    case Reason::replaced:
      return explain_provider(std::move(row.pointer), std::move(row.value), options_);
  }
  return row;
}

Result<std::vector<Explanation>> NativeScheme::explain(std::string_view request) {
  if (auto status = parse(request); !status) return fail(status.error());
  std::vector<Explanation> rows;
  auto exclusion = exclusions_.begin();
  DocumentWalk walk(request_);
  while (const JsonNode* node = walk.next()) {
    const std::uint32_t index = request_.index_of(*node);
    while (exclusion != exclusions_.end() && exclusion->node < index) ++exclusion;
    if (exclusion != exclusions_.end() && exclusion->node == index) {
      rows.push_back(explain_excluded(*exclusion, walk.pointer(), spelling(request_, *node)));
      walk.skip_children();
    } else if (node->count == 0) {
      std::string in_key;
      append_canonical(in_key, request_, *node);
      rows.push_back(explain_kept(walk.pointer(), spelling(request_, *node), std::move(in_key)));
    }
  }
  if (added() && request_.find(request_.root(), "provider") == nullptr) {
    rows.push_back(explain_provider("/provider", {}, options_));
  }
  return rows;
}

}  // namespace libcache::internal
