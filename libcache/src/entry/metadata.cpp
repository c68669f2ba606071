#include "entry/metadata.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "text/json/canonical.h"
#include "text/json/value.h"
#include "text/utf8.h"

namespace libcache::internal {

namespace {

template <class Value>
struct Field {
  const char* name;
  Value Metadata::* member;
};

// On disk: these names never change meaning.
constexpr Field<std::string> kStrings[] = {
    {"content_type", &Metadata::content_type},   {"provider", &Metadata::provider}, {"model", &Metadata::model},
    {"finish_reason", &Metadata::finish_reason}, {"endpoint", &Metadata::endpoint}, {"tool", &Metadata::tool},
    {"left_out", &Metadata::left_out},           {"rejected", &Metadata::rejected},
};
constexpr Field<bool> kFlags[] = {{"incomplete", &Metadata::incomplete}, {"error", &Metadata::error}};
constexpr Field<std::optional<std::int64_t>> kCounts[] = {
    {"prompt_tokens", &Metadata::prompt_tokens},
    {"completion_tokens", &Metadata::completion_tokens},
    {"cached_tokens", &Metadata::cached_tokens},
    {"reasoning_tokens", &Metadata::reasoning_tokens},
};
constexpr Field<std::optional<Milliseconds>> kTimes[] = {
    {"origin_first_chunk_ms", &Metadata::origin_first_chunk},
    {"origin_total_ms", &Metadata::origin_total},
};

tl::unexpected<Error> not_metadata() {
  return fail(ErrorCode::corrupt, "entry's metadata is damaged");
}

}  // namespace

bool says_accepted(std::string_view json) {
  if (json.find(":true") == std::string_view::npos) return false;  // nearly always: one search instead of two
  // Within a string the quotation marks would be escaped.
  return json.find(R"("incomplete":true)") != std::string_view::npos ||
         json.find(R"("error":true)") != std::string_view::npos;
}

// Members are sorted by name, so that one pass finds them all. What an answer claims to have cost is limited, so that sums
// do not overflow.
AnswerCost read_cost(std::string_view json) {
  static constexpr std::uint64_t kMost = 1'000'000'000'000;
  const auto take = [&json](std::string_view member) {
    std::uint64_t value = 0;
    const auto at = json.find(member);
    if (at == std::string_view::npos) return value;
    json.remove_prefix(at + member.size());
    std::from_chars(json.data(), json.data() + json.size(), value);
    return std::min(value, kMost);
  };
  AnswerCost cost;
  cost.cached_tokens = take(R"("cached_tokens":)");
  cost.completion_tokens = take(R"("completion_tokens":)");
  cost.time = Milliseconds(take(R"("origin_total_ms":)"));
  cost.prompt_tokens = take(R"("prompt_tokens":)");
  return cost;
}

std::string write_metadata(const Metadata& metadata) {
  std::map<std::string_view, std::string> values;
  for (const auto& [name, member] : kStrings)
    if (!(metadata.*member).empty()) append_canonical_string(values[name], replace_invalid_utf8(metadata.*member));
  for (const auto& [name, member] : kFlags)
    if (metadata.*member) values[name] = "true";
  for (const auto& [name, member] : kCounts)
    if (metadata.*member) values[name] = std::to_string(*(metadata.*member));
  for (const auto& [name, member] : kTimes)
    if (metadata.*member) values[name] = std::to_string((metadata.*member)->count());
  std::string json = "{";
  for (const auto& [name, value] : values) {
    if (json.size() > 1) json += ',';
    json.append("\"").append(name).append("\":").append(value);
  }
  return json + '}';
}

Result<Metadata> read_metadata(std::string_view text) {
  thread_local JsonDocument document;  // parsing without allocations: a listing reads very many of these
  if (!document.parse(text)) return not_metadata();
  const JsonValue json(document);
  if (!json.is(JsonKind::object)) return not_metadata();
  Metadata metadata;
  // False if a field is there, but not of its type.
  const auto read = [&](const auto& fields, const auto& take) {
    return std::ranges::all_of(fields, [&](const auto& field) {
      return !json.has(field.name) || take(json[field.name], metadata.*field.member);
    });
  };
  const bool is_valid = read(kStrings,
                             [](const JsonValue& value, std::string& string) {
                               string = value.text();
                               return value.is(JsonKind::string);
                             }) &&
                        read(kFlags,
                             [](const JsonValue& value, bool& flag) {
                               flag = value.is(JsonKind::true_);
                               return value.is_bool();
                             }) &&
                        read(kCounts,
                             [](const JsonValue& value, std::optional<std::int64_t>& count) {
                               count = value.integer();
                               return count.has_value();
                             }) &&
                        read(kTimes, [](const JsonValue& value, std::optional<Milliseconds>& time) {
                          const auto number = value.integer();
                          if (number) time = Milliseconds(*number);
                          return number.has_value();
                        });
  if (!is_valid) return not_metadata();
  return metadata;
}

}  // namespace libcache::internal
