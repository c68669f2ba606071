#include "http/recorded_head.h"

#include <algorithm>

namespace llmcache::serve {

std::string_view RecordedHead::body_of(std::string_view piece) {
  if (!in_head_) return piece;
  head_ += piece;
  std::string_view rest = head_;
  // One head follows another after a 1xx, a redirect or CONNECT.
  while (rest.starts_with(kBegin)) {
    const auto lines = std::min(rest.find("\r\n\r\n"), rest.find("\n\n"));
    if (lines == rest.npos) return {};
    rest.remove_prefix(lines + (rest[lines] == '\r' ? 4 : 2));
  }
  in_head_ = kBegin.starts_with(rest);  // the beginning of another one, perhaps
  return in_head_ ? std::string_view() : rest;
}

std::string_view coding_of(std::string_view body) {
  if (body.starts_with("\x1f\x8b")) return "gzip";
  return body.starts_with("\x28\xb5\x2f\xfd") ? "zstd" : "";
}

}  // namespace llmcache::serve
