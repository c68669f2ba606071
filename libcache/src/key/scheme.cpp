#include "key/scheme.h"

#include "key/bifrost/derive.h"
#include "key/names.h"
#include "key/native/derive.h"
#include "text/utf8.h"

namespace libcache::internal {

Result<std::unique_ptr<Scheme>> create_scheme(const KeyOptions& options) {
  if (auto status = check_names(options); !status) return fail(status.error());
  if (options.provider && valid_utf8_prefix(*options.provider) < options.provider->size()) {
    return fail(ErrorCode::invalid, "the provider is not UTF-8");
  }
  return options.scheme == KeyScheme::native ? NativeScheme::create(options) : BifrostScheme::create(options);
}

}  // namespace libcache::internal
