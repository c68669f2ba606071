// A strict JSON parser into a flat document that keeps each token's exact spelling.
//
// It is stricter than RFC 8259 where two readers could differ: a repeated member name, a lone surrogate escape, a
// number that overflows a double, and nesting beyond kMaxDepth are errors. Parsing does not recurse and does not
// allocate per node: the arrays of the document are reused from call to call.
#pragma once

#include <libcache/result.h>

#include <compare>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace libcache::internal {

// How to read texts that JSON parsers disagree about.
enum class JsonRules {
  // A name that occurs twice in one object and a lone surrogate escape are errors. A leading byte-order mark is
  // dropped. Members are sorted by the UTF-16 code units of their names (RFC 8785, section 3.2.3).
  strict,
  // As Go's decoders do: names may repeat; a lone surrogate and each invalid byte of UTF-8 are read as U+FFFD; strings
  // may contain control characters; a number may exceed the range of doubles; a byte-order mark is an error. Members
  // are sorted by the bytes of their names.
  go,
  // For answers. As `go`, with these differences: of several members with one name the last counts, NaN and Infinity
  // are numbers, a leading byte-order mark is dropped, and members are not sorted.
  lenient,
};

enum class JsonKind : std::uint8_t { object, array, string, integer, decimal, true_, false_, null };

// A value in document order. Its children, if any, follow it directly, up to (not including) node `end`.
struct JsonNode {
  // The member's name, unescaped; empty in arrays and for the root. Quotes precede and follow it in memory.
  std::string_view name;
  // Of a string: the text between its quotes, with its escapes; the quotes precede and follow it in memory. Of a number
  // or literal: the token.
  std::string_view token;
  std::uint32_t end = 0;    // index after the value's last descendant, which is its next sibling's
  std::uint32_t first = 0;  // objects: offset of the members' indexes in the sorted list
  std::uint32_t count = 0;  // members or elements
  JsonKind kind = JsonKind::null;
  bool escaped = false;    // strings: whether the token contains a backslash
  bool minimal = true;     // strings: whether RFC 8785 writes the value like the token
  bool plain_name = true;  // whether JSON escapes nothing in the name
  bool in_object = false;
};

class JsonDocument {
 public:
  static constexpr std::uint32_t kMaxDepth = 512;  // under strict rules; the root counts 1
  static constexpr std::uint32_t kMaxGoDepth = 10'000;
  static constexpr std::size_t kPadding = 64;  // readable bytes after the text in memory

  JsonDocument();
  JsonDocument(JsonDocument&&) noexcept;
  JsonDocument& operator=(JsonDocument&&) noexcept;
  ~JsonDocument();

  // Parses one JSON text: any value, followed only by white space. A leading byte-order mark is dropped. The nodes
  // refer to memory of this document, not of `text`. Fails: invalid, with the byte offset where there is one. After a
  // failure the document has no nodes.
  Status parse(std::string_view text, JsonRules rules = JsonRules::strict);

  const JsonNode& root() const { return nodes_.front(); }
  const JsonNode& node(std::uint32_t index) const { return nodes_[index]; }
  std::uint32_t index_of(const JsonNode& node) const { return static_cast<std::uint32_t>(&node - nodes_.data()); }
  std::span<const JsonNode> nodes() const { return nodes_; }
  // No value is nested deeper.
  std::uint32_t max_depth() const { return max_depth_; }
  // The indexes of an object's members, sorted by name as the rules require (strict: RFC 8785, section 3.2.3); members
  // with equal names are in document order.
  std::span<const std::uint32_t> sorted_members(const JsonNode& object) const {
    return std::span(sorted_).subspan(object.first, object.count);
  }
  // The member called `name`, or nullptr. For documents under strict or lenient rules.
  const JsonNode* find(const JsonNode& object, std::string_view name) const;
  // The value of a string node: its token if that has no escapes, otherwise written to `scratch`.
  static std::string_view unescape(const JsonNode& string, std::string& scratch);

 private:
  const JsonNode* find_last(const JsonNode& object, std::string_view name) const;

  struct Memory;
  std::unique_ptr<Memory> memory_;
  std::vector<JsonNode> nodes_;
  std::vector<std::uint32_t> sorted_;
  std::uint32_t max_depth_ = kMaxDepth;
  JsonRules rules_ = JsonRules::strict;
};

// A name or string token together with the quotes around it.
inline std::string_view with_quotes(std::string_view name_or_token) {
  return {name_or_token.data() - 1, name_or_token.size() + 2};
}

// Orders strings of valid UTF-8 by their UTF-16 code units.
std::strong_ordering utf16_order_of_all(std::string_view left, std::string_view right);
inline std::strong_ordering utf16_order(std::string_view left, std::string_view right) {
  // Most names differ in their first byte, which is ASCII. This case is inline because sorting needs it often.
  const auto is_ascii = [](char byte) { return static_cast<unsigned char>(byte) < 0x80; };
  if (!left.empty() && !right.empty() && left[0] != right[0] && is_ascii(left[0]) && is_ascii(right[0])) {
    return left[0] <=> right[0];
  }
  return utf16_order_of_all(left, right);
}

}  // namespace libcache::internal
