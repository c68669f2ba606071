#include "cache/layout/bifrost/answer.h"

#include <fmt/format.h>
#include <libcache/bifrost.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "cache/layout/bifrost/chunks.h"
#include "key/names.h"
#include "text/json/value.h"

namespace libcache::internal::bifrost {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kCached = "bifrost_cached";
constexpr const char* kCacheKey = "bifrost_cache_key";

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::optional<About> read_about(std::string_view json) {
  JsonDocument document;
  if (!document.parse(json, JsonRules::go) || document.root().kind != JsonKind::object) return std::nullopt;
  About about;
  about.metadata = judge_answer(json).metadata;
  const JsonValue answer(document);
  constexpr std::size_t kLongestProvider = 64;
  const std::string provider = answer["extra_fields"]["provider"].text();
  if (provider.size() <= kLongestProvider) about.metadata.provider = provider;
  constexpr std::int64_t kLatest = 1'000'000'000'000;  // some 30,000 years: a date so far off still fits its type
  const auto created = answer["created"].integer().value_or(0);
  if (created > 0 && created < kLatest) about.created = UnixTime(std::chrono::seconds(created));
  return about;
}

std::string event_of(std::string_view payload) {
  std::string event = fmt::format("data: {}\n\n", payload);
  // In JSON a line's end is white space, in an event it would be the data's.
  const auto end = event.end() - 2;
  std::replace_if(event.begin(), end, [](char character) { return character == '\n' || character == '\r'; }, ' ');
  return event;
}

std::string without_note(std::string answer) {
  if (answer.find(kCached) == std::string::npos) return answer;
  Json json = Json::parse(answer, nullptr, false);
  if (!json.is_object() || !json["extra_fields"].is_object()) return answer;
  Json& raw = json["extra_fields"]["raw_response"];
  if (!raw.is_object()) return answer;
  raw.erase(kCached);
  raw.erase(kCacheKey);
  if (raw.empty()) raw = nullptr;
  return text_of(json);
}

}  // namespace libcache::internal::bifrost

namespace libcache {
namespace bifrost LIBCACHE_EXPORT {

using namespace internal;
using namespace internal::bifrost;

Result<std::string> annotate(std::string_view stored, std::string_view provider, std::string_view name) {
  Json json = Json::parse(stored, nullptr, false);
  if (!json.is_object()) return fail(ErrorCode::corrupt, fmt::format("{}: not a JSON object", name));
  Json& extra = json["extra_fields"];
  if (!extra.is_object()) extra = Json::object();
  if (!provider.empty()) extra["provider"] = provider;
  const Json index = extra.contains("chunk_index") ? extra["chunk_index"] : Json(0);
  Json& raw = extra["raw_response"];
  if (raw.is_null()) raw = Json::object();
  if (raw.is_object()) {
    raw[kCacheKey] = std::string(name) + (name.ends_with(kChunkSuffix) ? index.dump() : "");
    raw[kCached] = true;
  }
  return text_of(json);
}

}  // namespace bifrost LIBCACHE_EXPORT
}  // namespace libcache
