#include "text/canonical.h"

#include <algorithm>

#include "text/escape.h"
#include "text/number.h"
#include "text/tree_writer.h"
#include "text/utf8.h"

namespace libcache {

namespace {

constexpr std::size_t kMaxSpelling = 6;  // bytes of one code point: \u00XX

// Writes one code point of a string at `out`; returns where it ends.
char* spell(char32_t code_point, char* out) {
  constexpr std::string_view kShortForms = "btn?fr";  // from U+0008 on; ? is U+000B, which has none
  constexpr std::string_view kDigits = "0123456789abcdef";
  if (code_point >= 0x20 && code_point != '"' && code_point != '\\') return encode_utf8(code_point, out);
  *out++ = '\\';
  if (code_point >= 0x20) {
    *out++ = static_cast<char>(code_point);
  } else if (code_point >= '\b' && code_point <= '\r' && code_point != '\v') {
    *out++ = kShortForms[code_point - '\b'];
  } else {
    for (const char character : {'u', '0', '0', kDigits[code_point >> 4], kDigits[code_point & 0xF]})
      *out++ = character;
  }
  return out;
}

// A token whose escapes are not all as RFC 8785 would write them. It does not get longer by being respelled.
void append_respelled(std::string& out, std::string_view token) {
  const std::size_t begin = out.size();
  out.resize(begin + token.size() + 2);
  char* at = out.data() + begin;
  *at++ = '"';
  while (!token.empty()) {
    const std::size_t plain = find_escape(token);
    at = std::copy_n(token.data(), plain, at);
    token.remove_prefix(plain);
    if (token.empty()) break;
    const Escape escape = read_escape(token);
    at = spell(escape.code_point, at);
    token.remove_prefix(escape.length);
  }
  *at++ = '"';
  out.resize(static_cast<std::size_t>(at - out.data()));
}

void append_decimal(std::string& out, std::string_view token) {
  if (is_shortest(token)) {
    out += token;
  } else {
    append_shortest(out, to_double(token));
  }
}

void append_scalar(std::string& out, const JsonNode& node) {
  if (node.kind == JsonKind::string && node.minimal) {
    out += with_quotes(node.token);
  } else if (node.kind == JsonKind::string) {
    append_respelled(out, node.token);
  } else if (node.kind == JsonKind::decimal) {
    append_decimal(out, node.token);
  } else {
    out += node.token == "-0" ? "0" : node.token;
  }
}

class CanonicalStyle {
 public:
  CanonicalStyle(const JsonDocument& document, const CanonicalEdits& edits)
      : document_(document), removed_(edits.removed), added_(edits.added) {}

  void scalar(std::string& out, const JsonNode& value) { append_scalar(out, value); }

  void name(std::string& out, const JsonNode& member) {
    if (member.plain_name) {
      out += with_quotes(member.name);
    } else {
      append_canonical_string(out, member.name);
    }
  }

  bool leaves_out(const JsonNode& member, const JsonNode* /*following*/) const {
    return std::binary_search(removed_.begin(), removed_.end(), document_.index_of(member));
  }

  void before(std::string& out, std::size_t depth, const JsonNode* member) {
    if (!added_ || depth > 1) return;
    if (member != nullptr && utf16_order(member->name, added_->name) < 0) return;
    append_comma(out);
    append_canonical_string(out, added_->name);
    out += ':';
    append_canonical_string(out, added_->value);
    added_.reset();
  }

 private:
  const JsonDocument& document_;
  std::span<const std::uint32_t> removed_;
  std::optional<CanonicalEdits::Member> added_;  // until it is written
};

}  // namespace

void append_canonical(std::string& out, const JsonDocument& document, const JsonNode& value,
                      const CanonicalEdits& edits) {
  TreeWriter(out, document, CanonicalStyle(document, edits)).write(value);
}

void append_canonical_string(std::string& out, std::string_view value) {
  out += '"';
  while (!value.empty()) {
    const auto plain = static_cast<std::size_t>(std::find_if(value.begin(), value.end(), needs_escape) - value.begin());
    out += value.substr(0, plain);
    value.remove_prefix(plain);
    if (value.empty()) break;
    char spelling[kMaxSpelling];
    out.append(spelling, spell(static_cast<unsigned char>(value.front()), spelling));
    value.remove_prefix(1);
  }
  out += '"';
}

}  // namespace libcache
