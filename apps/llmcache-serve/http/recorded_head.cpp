#include "http/recorded_head.h"

#include <algorithm>

namespace llmcache::serve {

namespace {

// As "HTTP/1.1 200" or "HTTP/2 200" (RFC 9112, section 4).
bool begins_with_status_line(std::string_view text) {
  constexpr std::string_view kName = "HTTP/";
  if (!text.starts_with(kName)) return false;
  text.remove_prefix(std::min(text.find(' '), text.size()));
  const std::string_view status = text.substr(std::min<std::size_t>(1, text.size()), 3);
  return status.size() == 3 && status.find_first_not_of("0123456789") == status.npos;
}

}  // namespace

std::size_t recorded_head_size(std::string_view beginning) {
  std::string_view rest = beginning;
  // One head follows another after a 1xx, a redirect or CONNECT.
  while (begins_with_status_line(rest)) {
    const auto end = std::min(rest.find("\r\n\r\n"), rest.find("\n\n"));
    if (end == rest.npos) break;
    rest.remove_prefix(end + (rest[end] == '\r' ? 4 : 2));
  }
  return beginning.size() - rest.size();
}

std::string_view coding_of(std::string_view body) {
  if (body.starts_with("\x1f\x8b")) return "gzip";
  return body.starts_with("\x28\xb5\x2f\xfd") ? "zstd" : "";
}

}  // namespace llmcache::serve
