#include "key/bifrost/derive.h"
#include "key/explanation.h"
#include "key/walk.h"

namespace libcache::internal {

using Use = Explanation::Use;

Explanation BifrostScheme::explain_dropped(const JsonNode& node) const {
  Explanation row{{}, Use::ignored, spelling(request_, node), "not in the key under Bifrost"};
  if (node.name == "stream") row.detail += "; it selects the kind of entry";
  return row;
}

// A member that names the provider, the model or both.
Explanation BifrostScheme::explain_target(const Hashed& hashed, const TargetNodes& nodes, const JsonNode& node) const {
  std::string value = spelling(request_, node);
  if (nodes.provider == nodes.model) {
    std::string written = "{";
    write_target(written, hashed.target);
    if (written.size() == 1) return explain_dropped(node);
    return explain_kept({}, std::move(value), written.substr(1));
  }
  const bool is_model = &node == nodes.model;
  if (is_model && !options_.by_model) return {{}, Use::ignored, std::move(value), "the by_model option is off"};
  if (!is_model && !options_.by_provider) return {{}, Use::ignored, std::move(value), "the by_provider option is off"};
  if (!is_model && options_.provider) return explain_provider({}, std::move(value), options_);
  const std::string& text = is_model ? hashed.target.model : hashed.target.provider;
  if (text.empty()) return explain_dropped(node);
  std::string written;
  append_go_string(written, text);
  return explain_kept({}, std::move(value), std::move(written));
}

Result<std::vector<Explanation>> BifrostScheme::explain(std::string_view request) {
  std::vector<bifrost::Trace> traces;
  const auto hashed = this->hashed(request, &traces);
  if (!hashed) return fail(hashed.error());
  TargetNodes nodes{find_member("model"), find_member("model")};
  if (*form() == BifrostForm::core) nodes.provider = find_member("provider");

  std::vector<Explanation> rows;
  std::uint32_t whole_end = 0;
  DocumentWalk walk(request_);
  const JsonNode* node = walk.next();  // the request itself
  while ((node = walk.next()) != nullptr) {
    const std::uint32_t index = request_.index_of(*node);
    const bifrost::Trace& trace = traces[index];
    if (trace.whole) whole_end = node->end;
    if (node == nodes.provider || node == nodes.model) {
      rows.push_back(explain_target(*hashed, nodes, *node));
    } else if (index >= whole_end && !trace.hashed) {
      rows.push_back(explain_dropped(*node));
      walk.skip_children();
    } else if (node->count > 0) {
      continue;
    } else if (trace.hashed) {
      const std::string_view written = std::string_view(hashed->bytes).substr(trace.begin, trace.end - trace.begin);
      rows.push_back(explain_kept({}, spelling(request_, *node), std::string(written)));
    } else {
      std::string in_key;
      append_go_any(in_key, request_, *node);
      rows.push_back(explain_kept({}, spelling(request_, *node), std::move(in_key)));
    }
    rows.back().pointer = walk.pointer();
  }
  const bool provider_shown = nodes.provider != nullptr && nodes.provider != nodes.model;
  if (options_.provider && options_.by_provider && !provider_shown) {
    rows.push_back(explain_provider("/provider", {}, options_));
  }
  return rows;
}

}  // namespace libcache::internal
