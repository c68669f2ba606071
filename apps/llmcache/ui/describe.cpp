#include "ui/describe.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "config/scheme.h"
#include "config/values.h"
#include "failure.h"

namespace llmcache {

namespace lc = libcache;

std::string format_time(lc::UnixTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                     (time - seconds).count());
}

Json::Members describe(const lc::EntryHead& head, lc::UnixTime now) {
  Json::Members members{{"kind", lc::to_string(head.kind)}};
  const auto text = [&](const char* name, const std::string& value) {
    if (!value.empty()) members.emplace_back(name, value);
  };
  const auto number = [&](const char* name, const auto& value) {
    if (value) members.emplace_back(name, *value);
  };
  const auto duration = [&](const char* name, const std::optional<lc::Milliseconds>& value) {
    if (value) members.emplace_back(name, value->count());
  };
  const lc::Metadata& metadata = head.metadata;
  text("provider", metadata.provider);
  text("model", metadata.model);
  text("finish_reason", metadata.finish_reason);
  text("endpoint", metadata.endpoint);
  if (metadata.incomplete) members.emplace_back("incomplete", true);
  if (metadata.error) members.emplace_back("error", true);
  text("content_type", metadata.content_type);
  number("prompt_tokens", metadata.prompt_tokens);
  number("completion_tokens", metadata.completion_tokens);
  number("cached_tokens", metadata.cached_tokens);
  number("reasoning_tokens", metadata.reasoning_tokens);
  duration("origin_first_chunk_ms", metadata.origin_first_chunk);
  duration("origin_total_ms", metadata.origin_total);
  members.emplace_back("payload_bytes", head.payload_size);
  if (is_dated(head)) members.emplace_back("created", format_time(head.created));
  members.emplace_back("expires", head.expires ? format_time(*head.expires) : "never");
  if (is_dated(head)) members.emplace_back("age_ms", (now - head.created).count());
  if (head.expires) members.emplace_back("ttl_ms", (*head.expires - now).count());
  text("tool", metadata.tool);
  return members;
}

std::string_view session_of(const lc::EntryName& name, const lc::KeyOptions& options) {
  return name.owner.starts_with(options.prefix) ? name.owner.substr(options.prefix.size()) : std::string_view();
}

Json::Members describe_name(std::string_view name, const lc::KeyOptions& options) {
  Json::Members members{{"name", name}};
  const auto parts = lc::EntryName::parse(name, options.scheme);
  if (!parts) return members;
  if (const auto session = session_of(*parts, options); !session.empty()) members.emplace_back("session", session);
  members.emplace_back("hash", parts->hash);
  if (features_of(options.scheme).has_samples) members.emplace_back("sample", parts->sample);
  return members;
}

lc::EntryHead head_of(const lc::Entry& entry) {
  return {entry.kind(),           entry.created(),           entry.expires(),
          entry.request_digest(), checked(entry.metadata()), entry.payload_size()};
}

bool is_dated(const lc::EntryHead& head) {
  return head.created != lc::UnixTime{};
}

std::string age(const lc::EntryHead& head, lc::UnixTime now) {
  return is_dated(head) ? format_duration(std::max(now - head.created, lc::Milliseconds(0))) : "-";
}

std::string time_left(const lc::EntryHead& head, lc::UnixTime now) {
  if (!head.expires) return "never";
  return *head.expires <= now ? "expired" : format_duration(*head.expires - now);
}

}  // namespace llmcache
