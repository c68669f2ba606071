#include "key/request.h"

namespace libcache {

Status parse_request(std::string_view text, JsonDocument& request) {
  if (auto status = request.parse(text); !status) return status;
  if (request.root().kind != JsonKind::object) return fail(ErrorCode::invalid, "the request is not a JSON object");
  return {};
}

}  // namespace libcache
