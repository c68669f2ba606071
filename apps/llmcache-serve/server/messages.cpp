#include "server/messages.h"

#include <fmt/format.h>

#include <boost/beast/http/status.hpp>
#include <nlohmann/json.hpp>

namespace llmcache::serve {

namespace http = boost::beast::http;

namespace {

// Empty for a status that has no name.
std::string_view usual_reason(int status) {
  const auto known = http::int_to_status(static_cast<unsigned>(status));
  if (known == http::status::unknown) return {};
  const auto reason = http::obsolete_reason(known);
  return {reason.data(), reason.size()};
}

}  // namespace

std::string head_text(int status, const Headers& fields, std::string_view reason) {
  std::string text = fmt::format("HTTP/1.1 {} {}\r\n", status, reason.empty() ? usual_reason(status) : reason);
  for (const Field& field : fields) text.append(field.name).append(": ").append(field.value).append("\r\n");
  return text.append("\r\n");
}

namespace own_errors {

OwnError malformed(std::string message) {
  return {400, "malformed_request", std::move(message)};
}
OwnError no_recorded_answer(std::string message) {
  return {404, "no_recorded_answer", std::move(message)};
}
OwnError only_if_cached() {
  return {504, "only_if_cached", "the request says only-if-cached, and no answer is cached"};
}
OwnError unreachable(std::string message) {
  return {502, "upstream_unreachable", std::move(message), true};
}
OwnError timed_out(std::string message) {
  return {504, "upstream_timeout", std::move(message), true};
}
OwnError unknown_host(std::string_view host) {
  return {421, "unknown_host", fmt::format("this server does not answer for host '{}'; see --allow-host", host)};
}
OwnError refused_origin(std::string_view origin) {
  return {403, "origin_not_allowed", fmt::format("pages of {} may not use this server; see --allow-origin", origin)};
}
OwnError request_timeout() {
  return {408, "request_timeout", "the request did not arrive in time", true};
}
OwnError too_large(std::string message) {
  return {413, "request_too_large", std::move(message)};
}
OwnError fields_too_large() {
  return {431, "header_fields_too_large", "the header fields are too large"};
}
OwnError too_many_connections() {
  return {503, "too_many_connections", "too many connections; see --max-connections", true};
}
OwnError no_upgrade() {
  return {501, "upgrade_not_supported", "this server does not switch protocols"};
}
OwnError method_not_allowed() {
  return {405, "method_not_allowed", "this page takes only GET and HEAD"};
}
OwnError no_page() {
  return {404, "not_found", "no such page; the pages are /_llmcache/health, /_llmcache/metrics and /_llmcache/stats"};
}
OwnError no_upstream(std::string_view target) {
  return {404, "no_upstream", fmt::format("no upstream takes '{}'; see --upstream", target)};
}

}  // namespace own_errors

std::string body_of(const OwnError& error) {
  // A message may quote bytes of the request that are not UTF-8.
  const nlohmann::json body{
      {"error", {{"message", error.message}, {"type", "llmcache_error"}, {"code", error.code}, {"param", nullptr}}}};
  return body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Headers fields_of(const OwnError& error) {
  Headers fields;
  fields.add("content-type", "application/json");
  if (!error.retry_may_help) fields.add("x-should-retry", "false");
  return fields;
}

}  // namespace llmcache::serve
