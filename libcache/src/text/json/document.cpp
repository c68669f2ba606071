#include "text/json/document.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>

#include "text/json/error.h"
#include "text/json/escape.h"
#include "text/json/go.h"
#include "text/json/reader.h"
#include "text/utf8.h"

namespace libcache::internal {

namespace {

std::string describe(simdjson::error_code error, std::string_view text) {
  switch (error) {
    case simdjson::EMPTY:
      return "empty input";
    case simdjson::CAPACITY:
      return "input of 4 GiB or more";
    default:
      return describe_broken_bytes(text);
  }
}

}  // namespace

// Memory that is reused for every text.
struct JsonDocument::Memory {
  simdjson::ondemand::parser tokenizer;
  std::unique_ptr<char[]> text;
  std::size_t capacity = 0;
  std::vector<std::uint32_t> open;

  std::span<char> load(std::string_view input);
};

static_assert(JsonDocument::kPadding <= simdjson::SIMDJSON_PADDING);

// Copies a text: simdjson reads beyond its end, and names are unescaped in place.
std::span<char> JsonDocument::Memory::load(std::string_view input) {
  if (!text || capacity < input.size()) {
    capacity = std::max(input.size(), 2 * capacity);
    text = std::make_unique_for_overwrite<char[]>(capacity + simdjson::SIMDJSON_PADDING);
  }
  std::copy(input.begin(), input.end(), text.get());
  std::memset(text.get() + input.size(), 0, simdjson::SIMDJSON_PADDING);
  return {text.get(), input.size()};
}

JsonDocument::JsonDocument() : memory_(std::make_unique<Memory>()) {}
JsonDocument::JsonDocument(JsonDocument&&) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&&) noexcept = default;
JsonDocument::~JsonDocument() = default;

Status JsonDocument::parse(std::string_view text, JsonRules rules) {
  nodes_.clear();
  sorted_.clear();
  memory_->open.clear();
  rules_ = rules;
  max_depth_ = kMaxDepth;
  const bool has_mark = rules != JsonRules::go && text.starts_with(kByteOrderMark);
  const std::size_t mark = has_mark ? kByteOrderMark.size() : 0;
  if (text.size() == mark) return fail(ErrorCode::invalid, "empty input");
  const std::span<char> copy = memory_->load(text);
  const simdjson::padded_string_view padded(copy.data() + mark, copy.size() - mark,
                                            copy.size() - mark + simdjson::SIMDJSON_PADDING);
  simdjson::ondemand::json_iterator tokens;
  if (const auto error = memory_->tokenizer.iterate_raw(padded).get(tokens); error != simdjson::SUCCESS) {
    if (rules != JsonRules::strict) {
      const std::string strict = strict_spelling(text);
      if (strict != text) return parse(strict, rules);
    }
    return fail(ErrorCode::invalid, describe(error, text));
  }
  auto status = JsonReader(tokens, copy, rules, {nodes_, sorted_, memory_->open, max_depth_}).read();
  if (!status) nodes_.clear();
  return status;
}

const JsonNode* JsonDocument::find(const JsonNode& object, std::string_view name) const {
  if (rules_ == JsonRules::lenient) return find_last(object, name);
  const auto members = sorted_members(object);
  const auto before = [this](std::uint32_t index, std::string_view wanted) {
    return utf16_order(nodes_[index].name, wanted) < 0;
  };
  const auto found = std::lower_bound(members.begin(), members.end(), name, before);
  return found != members.end() && nodes_[*found].name == name ? &nodes_[*found] : nullptr;
}

const JsonNode* JsonDocument::find_last(const JsonNode& object, std::string_view name) const {
  const JsonNode* found = nullptr;
  for (std::uint32_t index = index_of(object) + 1; index < object.end; index = nodes_[index].end) {
    if (nodes_[index].name == name) found = &nodes_[index];
  }
  return found;
}

std::string_view JsonDocument::unescape(const JsonNode& string, std::string& scratch) {
  if (!string.escaped) return string.token;
  scratch.resize(string.token.size());
  const char* const end = internal::unescape(string.token, scratch.data());
  scratch.resize(static_cast<std::size_t>(end - scratch.data()));
  return scratch;
}

std::strong_ordering utf16_order_of_all(std::string_view left, std::string_view right) {
  const std::size_t shorter = std::min(left.size(), right.size());
  const auto differ = std::mismatch(left.begin(), left.begin() + shorter, right.begin());
  if (differ.first == left.begin() + shorter) return left.size() <=> right.size();
  // Bytes sort like code units, except that U+E000 to U+FFFF (lead bytes EE and EF) come after the surrogates of the
  // code points above them (lead bytes F0 to F4).
  const auto rank = [](char byte) {
    const auto value = static_cast<std::uint8_t>(byte);
    return value == 0xEE || value == 0xEF ? value + 0x10 : value;
  };
  return rank(*differ.first) <=> rank(*differ.second);
}

}  // namespace libcache::internal
