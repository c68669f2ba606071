#include "server/cache_status.h"

#include <fmt/format.h>

#include <algorithm>

namespace llmcache::serve {

namespace lc = libcache;

namespace {

// A string of a structured field (RFC 8941, section 3.3.3); empty if the text cannot be one.
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char character : text) {
    if (character < 0x20 || character > 0x7e) return {};
    if (character == '"' || character == '\\') result += '\\';
    result += character;
  }
  return result += '"';
}

std::string parameter(std::string_view name, std::string_view text) {
  const std::string value = quoted(text);
  return text.empty() || value.empty() ? "" : fmt::format("; {}={}", name, value);
}

}  // namespace

std::string detail_parameter(std::string_view text) {
  return parameter("detail", text);
}

std::string hit_status(const Hit& hit, std::string_view key, lc::UnixTime now) {
  std::string status = "llmcache; hit";
  if (const auto expires = hit.entry->expires()) {
    const auto left = std::max(*expires - now, lc::Milliseconds(0));
    status += fmt::format("; ttl={}", std::chrono::duration_cast<std::chrono::seconds>(left).count());
  }
  return status + parameter("key", key);
}

std::string miss_status(const Miss& miss) {
  return fmt::format("llmcache; fwd={}{}{}", miss.by_request ? "request" : "uri-miss",
                     miss.followed ? "; collapsed" : "", detail_parameter(miss.detail));
}

std::string bypass_status(std::string_view detail) {
  return "llmcache; fwd=bypass" + detail_parameter(detail);
}

}  // namespace llmcache::serve
