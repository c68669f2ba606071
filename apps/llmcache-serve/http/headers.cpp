#include "http/headers.h"

#include <algorithm>
#include <array>
#include <span>

#include "text.h"

namespace llmcache::serve {

namespace {

constexpr auto kConnectionFields = std::to_array<std::string_view>({
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
});

// Set anew for the upstream call.
constexpr auto kReplacedFields =
    std::to_array<std::string_view>({"host", "content-length", "expect", "accept-encoding"});

// The end of the list member that begins at `start`.
std::size_t end_of_member(std::string_view list, std::size_t start) {
  bool quoted = false;
  for (std::size_t i = start; i < list.size(); ++i) {
    if (quoted && list[i] == '\\') {
      ++i;
    } else if (list[i] == '"') {
      quoted = !quoted;
    } else if (list[i] == ',' && !quoted) {
      return i;
    }
  }
  return list.size();
}

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
  return std::ranges::any_of(names, [&](std::string_view other) { return equals_ignoring_case(name, other); });
}

}  // namespace

void Headers::extend_last(std::string_view value) {
  if (!fields_.empty()) fields_.back().value.append(" ").append(value);
}

void Headers::remove(std::string_view name) {
  std::erase_if(fields_, [&](const Field& field) { return equals_ignoring_case(field.name, name); });
}

void Headers::remove_beginning_with(std::string_view beginning) {
  std::erase_if(fields_, [&](const Field& field) { return starts_with_ignoring_case(field.name, beginning); });
}

std::optional<std::string_view> Headers::first(std::string_view name) const {
  const auto field = std::ranges::find_if(fields_, [&](const Field& f) { return equals_ignoring_case(f.name, name); });
  if (field == fields_.end()) return std::nullopt;
  return field->value;
}

std::size_t Headers::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(fields_, [&](const Field& f) { return equals_ignoring_case(f.name, name); }));
}

std::vector<std::string_view> Headers::list(std::string_view name) const {
  std::vector<std::string_view> members;
  for (const Field& field : fields_) {
    if (!equals_ignoring_case(field.name, name)) continue;
    const std::string_view value = field.value;
    for (std::size_t start = 0; start <= value.size();) {
      const std::size_t end = end_of_member(value, start);
      if (const auto member = trimmed(value.substr(start, end - start)); !member.empty()) members.push_back(member);
      start = end + 1;
    }
  }
  return members;
}

Headers end_to_end(const Headers& headers) {
  const auto named = headers.list("connection");
  Headers kept;
  for (const Field& field : headers) {
    if (!is_one_of(field.name, kConnectionFields) && !is_one_of(field.name, named)) kept.add(field.name, field.value);
  }
  return kept;
}

Headers upstream_fields(const Headers& request) {
  Headers fields;
  for (const Field& field : end_to_end(request)) {
    const bool is_option = starts_with_ignoring_case(field.name, "x-llmcache-") ||
                           is_one_of(field.name, std::to_array<std::string_view>({"x-bf-cache-key", "x-bf-cache-ttl"}));
    if (!is_option && !is_one_of(field.name, kReplacedFields)) fields.add(field.name, field.value);
  }
  fields.add("accept-encoding", "identity");
  return fields;
}

}  // namespace llmcache::serve
