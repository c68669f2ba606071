#include "cache/layout/bifrost_answer.h"

#include <fmt/format.h>
#include <libcache/bifrost.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "answer/judge.h"
#include "text/json/value.h"

namespace libcache::internal::bifrost {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kCached = "bifrost_cached";
constexpr const char* kCacheKey = "bifrost_cache_key";
constexpr std::string_view kDone = "[DONE]";

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool ends(JsonValue chunk) {
  bool ends = false;
  chunk["choices"].each([&ends](JsonValue choice) { ends = ends || !choice["finish_reason"].text().empty(); });
  return ends;
}

// What is wrong with the chunk at an index; empty if nothing.
std::string fault_of(std::string_view payload, std::size_t index, bool last) {
  JsonDocument document;
  if (!document.parse(payload) || document.root().kind != JsonKind::object) {
    return fmt::format("chunk {} is not a JSON object", index);
  }
  const JsonValue chunk(document);
  const auto told = chunk["extra_fields"]["chunk_index"].integer();
  if (told && *told != static_cast<std::int64_t>(index)) {
    return fmt::format("chunk {} says that it is chunk {}", index, *told);
  }
  return last && !ends(chunk) ? fmt::format("the last chunk ({}) has no finish_reason", index) : "";
}

}  // namespace

std::optional<About> read_about(std::string_view json) {
  JsonDocument document;
  if (!document.parse(json) || document.root().kind != JsonKind::object) return std::nullopt;
  About about;
  about.metadata = judge_response(json).metadata;
  const JsonValue answer(document);
  constexpr std::size_t kLongestProvider = 64;
  const std::string provider = answer["extra_fields"]["provider"].text();
  if (provider.size() <= kLongestProvider) about.metadata.provider = provider;
  constexpr std::int64_t kLatest = 1'000'000'000'000;  // some 30,000 years: a date so far off still fits its type
  const auto created = answer["created"].integer().value_or(0);
  if (created > 0 && created < kLatest) about.created = UnixTime(std::chrono::seconds(created));
  return about;
}

std::vector<std::string> payloads(std::span<const Chunk> chunks) {
  std::vector<std::string> payloads;
  for (const Chunk& chunk : chunks) {
    auto data = data_of(chunk.bytes);
    if (data && *data != kDone) payloads.push_back(*std::move(data));
  }
  return payloads;
}

std::string event_of(std::string_view payload) {
  std::string event = fmt::format("data: {}\n\n", payload);
  // In JSON a line's end is white space, in an event it would be the data's.
  const auto end = event.end() - 2;
  std::replace_if(event.begin(), end, [](char character) { return character == '\n' || character == '\r'; }, ' ');
  return event;
}

Verdict judge_payloads(std::span<const std::string> payloads) {
  StreamJudge judge;
  for (const std::string& payload : payloads) judge.read({.name = {}, .data = payload});
  judge.read({.name = {}, .data = kDone});
  Verdict verdict = judge.finish();
  if (verdict.completeness != Completeness::complete) return verdict;
  std::string fault = payloads.empty() ? "the stream has no chunks" : "";
  for (std::size_t index = 0; index < payloads.size() && fault.empty(); ++index) {
    fault = fault_of(payloads[index], index, index + 1 == payloads.size());
  }
  if (!fault.empty()) verdict.completeness = Completeness::incomplete;
  verdict.reason = std::move(fault);
  return verdict;
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

namespace libcache::bifrost {

using namespace internal;
using namespace internal::bifrost;

Result<std::string> annotate(std::string_view stored, std::string_view provider, std::string_view name) {
  Json json = Json::parse(stored, nullptr, false);
  if (!json.is_object()) return fail(ErrorCode::corrupt, fmt::format("{}: not a JSON object", name));
  Json& extra = json["extra_fields"];
  if (!extra.is_object()) extra = Json::object();
  if (!provider.empty()) extra["provider"] = provider;
  Json& raw = extra["raw_response"];
  if (raw.is_null()) raw = Json::object();
  if (raw.is_object()) {
    raw[kCacheKey] = name;
    raw[kCached] = true;
  }
  return text_of(json);
}

Verdict judge_stream(const Recording& recording) {
  return judge_payloads(payloads(recording.chunks()));
}

Status check_origin(const Answer& answer) {
  const auto pieces = answer.kind == EntryKind::stream ? payloads(answer.recording.chunks()) : std::vector{answer.body};
  JsonDocument document;
  if (pieces.empty() || !document.parse(pieces.front())) return {};
  if (JsonValue(document)["extra_fields"].is(JsonKind::object)) return {};
  return fail(ErrorCode::policy, "the answer is not a Bifrost gateway's: it has no extra_fields");
}

}  // namespace libcache::bifrost
