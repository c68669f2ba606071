#include "text/json/canonical.h"

#include <algorithm>
#include <cstring>

#include "text/json/escape.h"
#include "text/json/number.h"
#include "text/json/tree_writer.h"
#include "text/utf8.h"

namespace libcache::internal {

namespace {

constexpr std::size_t kMaxSpelling = 6;  // bytes of one code point: \u00XX

// Appends to a string that was enlarged in advance: most pieces are so short that a call of append() would cost more
// than the copy. The string gets its final size when this is destroyed.
class Pieces {
 public:
  explicit Pieces(std::string& out) : out_(out), size_(out.size()) { out.resize(out.capacity()); }
  Pieces(const Pieces&) = delete;
  Pieces& operator=(const Pieces&) = delete;
  ~Pieces() { out_.resize(size_); }

  Pieces& operator+=(char character) {
    *room_for(1) = character;
    ++size_;
    return *this;
  }
  Pieces& operator+=(std::string_view piece) {
    std::copy(piece.begin(), piece.end(), room_for(piece.size()));
    size_ += piece.size();
    return *this;
  }
  // A piece of a document's memory, of which kShort bytes can always be read.
  void append_token(std::string_view piece) {
    static_assert(kShort <= JsonDocument::kPadding);
    char* const to = room_for(piece.size());
    std::memcpy(to, piece.data(), kShort);
    if (piece.size() > kShort) std::memcpy(to + kShort, piece.data() + kShort, piece.size() - kShort);
    size_ += piece.size();
  }
  char back() const { return out_[size_ - 1]; }

  // Memory for at least `count` bytes and a short piece.
  char* room_for(std::size_t count) {
    const std::size_t needed = size_ + count + kShort;
    if (needed > out_.size()) out_.resize(2 * needed);
    return out_.data() + size_;
  }
  void end_at(const char* end) { size_ = static_cast<std::size_t>(end - out_.data()); }

 private:
  static constexpr std::size_t kShort = 32;

  std::string& out_;
  std::size_t size_;
};

// Writes one code point of a string to `out`; returns its end.
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

// A token with escapes that RFC 8785 writes in another way. The result is never longer than the token.
void append_respelled(Pieces& out, std::string_view token) {
  char* at = out.room_for(token.size() + 2);
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
  out.end_at(at);
}

void append_decimal(Pieces& out, std::string_view token) {
  if (is_shortest(token)) return out.append_token(token);
  std::string shortest;
  append_shortest(shortest, to_double(token));
  out += shortest;
}

void append_scalar(Pieces& out, const JsonNode& node) {
  if (node.kind == JsonKind::string && node.minimal) {
    out.append_token(with_quotes(node.token));
  } else if (node.kind == JsonKind::string) {
    append_respelled(out, node.token);
  } else if (node.kind == JsonKind::decimal) {
    append_decimal(out, node.token);
  } else if (node.token == "-0") {
    out += '0';
  } else {
    out.append_token(node.token);
  }
}

// A value as a JSON string.
void append_string(Pieces& out, std::string_view value) {
  out += '"';
  for (const char character : value) {
    if (needs_escape(character)) {
      out.end_at(spell(static_cast<unsigned char>(character), out.room_for(kMaxSpelling)));
    } else {
      out += character;
    }
  }
  out += '"';
}

class CanonicalStyle {
 public:
  CanonicalStyle(const JsonDocument& document, const CanonicalEdits& edits)
      : document_(document), removed_(edits.removed), added_(edits.added) {}

  void scalar(Pieces& out, const JsonNode& value) { append_scalar(out, value); }

  void name(Pieces& out, const JsonNode& member) {
    if (member.plain_name) return out.append_token(with_quotes(member.name));
    append_string(out, member.name);
  }

  bool leaves_out(const JsonNode& member, const JsonNode* /*following*/) const {
    return std::binary_search(removed_.begin(), removed_.end(), document_.index_of(member));
  }

  void before(Pieces& out, std::size_t depth, const JsonNode* member) {
    if (!added_ || depth > 1) return;
    if (member != nullptr && utf16_order(member->name, added_->name) < 0) return;
    append_comma(out);
    append_string(out, added_->name);
    out += ':';
    append_string(out, added_->value);
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
  Pieces pieces(out);
  TreeWriter(pieces, document, CanonicalStyle(document, edits)).write(value);
}

// Not into `out` itself: to enlarge that for each of many strings would take time that is quadratic in their number.
void append_canonical_string(std::string& out, std::string_view value) {
  std::string text;
  {
    Pieces pieces(text);
    append_string(pieces, value);
  }
  out += text;
}

}  // namespace libcache::internal
