#include "http/body_fields.h"

#include <string>

#include "text.h"

namespace llmcache::serve {

namespace lc = libcache;

namespace {

// The content coding of a body (RFC 9110, section 8.4.1), which its first bytes tell; empty if it is not compressed.
std::string_view coding_of(std::string_view body) {
  if (body.starts_with("\x1f\x8b")) return "gzip";
  return body.starts_with("\x28\xb5\x2f\xfd") ? "zstd" : "";
}

// Whether a body of this type cannot be compressed bytes itself, as a file may be.
bool is_text(std::string_view content_type) {
  return starts_with_ignoring_case(content_type, "text/") || lower_case(content_type).find("json") != std::string::npos;
}

// Entries that a pipe recorded have no content type, and SDKs do not read an answer without one.
std::string content_type_of(const lc::Metadata& metadata, lc::EntryKind kind, std::string_view body) {
  if (!metadata.content_type.empty()) return metadata.content_type;
  const std::size_t start = body.find_first_not_of(" \t\r\n");
  const bool is_json = start != body.npos && (body[start] == '{' || body[start] == '[');
  const bool may_be_json = is_json || !coding_of(body).empty();
  if (kind == lc::EntryKind::response) return may_be_json ? "application/json" : "application/octet-stream";
  return is_json ? "application/x-ndjson" : "text/event-stream";
}

}  // namespace

Headers body_fields(const lc::Metadata& metadata, lc::EntryKind kind, std::string_view first_bytes) {
  Headers fields;
  std::string type = content_type_of(metadata, kind, first_bytes);
  const std::string_view coding = is_text(type) ? coding_of(first_bytes) : "";
  fields.add("content-type", std::move(type));
  if (!coding.empty()) fields.add("content-encoding", std::string(coding));
  return fields;
}

}  // namespace llmcache::serve
