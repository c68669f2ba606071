#include "key/explanation.h"

#include "key/scheme.h"
#include "text/json/canonical.h"

namespace libcache::internal {

using Use = Explanation::Use;

std::string spelling(const JsonDocument& document, const JsonNode& node) {
  if (node.kind == JsonKind::string) return std::string(with_quotes(node.token));
  if (node.kind != JsonKind::object && node.kind != JsonKind::array) return std::string(node.token);
  std::string out;
  append_canonical(out, document, node);
  return out;
}

Explanation explain_kept(std::string pointer, std::string value, std::string in_key) {
  if (value == in_key) return {std::move(pointer), Use::in_key, std::move(value), {}};
  return {std::move(pointer), Use::rewritten, std::move(value), std::move(in_key)};
}

Explanation explain_provider(std::string pointer, std::string value, const KeyOptions& options) {
  std::string detail = "the provider option: ";
  append_canonical_string(detail, *options.provider);
  return {std::move(pointer), Use::set_by_option, std::move(value), std::move(detail)};
}

}  // namespace libcache::internal

namespace libcache LIBCACHE_EXPORT {

using namespace internal;

Result<std::vector<Explanation>> explain(const KeyOptions& options, std::string_view request) {
  auto scheme = create_scheme(options);
  if (!scheme) return fail(scheme.error());
  return (*scheme)->explain(request);
}

}  // namespace libcache LIBCACHE_EXPORT
