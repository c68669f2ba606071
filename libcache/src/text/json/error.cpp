#include "text/json/error.h"

#include <fmt/format.h>

#include "text/utf8.h"

namespace libcache::internal {

namespace {

bool is_harmless(char character) {
  return character >= ' ' && character <= '~' && character != '"' && character != '\\';
}

// The offset at which the string that begins at `open` ends or is invalid.
struct StringEnd {
  enum class Kind { closed, unclosed, control_character } kind;
  std::size_t at;
};
StringEnd end_of_string(std::string_view text, std::size_t open) {
  for (std::size_t at = open + 1; at < text.size(); ++at) {
    if (text[at] == '"') return {StringEnd::Kind::closed, at};
    if (static_cast<unsigned char>(text[at]) < 0x20) return {StringEnd::Kind::control_character, at};
    if (text[at] == '\\') ++at;
  }
  return {StringEnd::Kind::unclosed, open};
}

}  // namespace

std::string quoted_name(std::string_view name) {
  constexpr std::size_t kLongest = 40;
  std::string quoted = "\"";
  for (const char character : name.substr(0, kLongest)) {
    if (is_harmless(character)) {
      quoted += character;
    } else {
      quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(character));
    }
  }
  return quoted + (name.size() > kLongest ? "...\"" : "\"");
}

std::string describe_broken_bytes(std::string_view text) {
  const std::size_t valid = valid_utf8_prefix(text);
  if (valid < text.size()) return fmt::format("invalid UTF-8 at byte {}", valid);
  std::size_t open = text.find('"');
  while (open != std::string_view::npos) {
    const StringEnd end = end_of_string(text, open);
    if (end.kind == StringEnd::Kind::unclosed) return fmt::format("unterminated string at byte {}", end.at);
    if (end.kind == StringEnd::Kind::control_character) {
      return fmt::format("control character in a string at byte {}", end.at);
    }
    open = text.find('"', end.at + 1);
  }
  return "not JSON";
}

}  // namespace libcache::internal
