#include <libcache/result.h>

namespace libcache LIBCACHE_EXPORT {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid:
      return "invalid";
    case ErrorCode::not_supported:
      return "not_supported";
    case ErrorCode::unavailable:
      return "unavailable";
    case ErrorCode::timeout:
      return "timeout";
    case ErrorCode::refused:
      return "refused";
    case ErrorCode::corrupt:
      return "corrupt";
    case ErrorCode::policy:
      return "policy";
    case ErrorCode::internal:
      return "internal";
  }
  return "internal";
}

}  // namespace libcache LIBCACHE_EXPORT
