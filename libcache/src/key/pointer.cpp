#include "key/pointer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "text/integer.h"
#include "text/json/error.h"
#include "text/utf8.h"

namespace libcache::internal {

namespace {

// A reference token without its escapes; nothing if it has an invalid one.
std::optional<std::string> unescaped(std::string_view token) {
  std::string out;
  while (!token.empty()) {
    std::size_t length = 1;
    char character = token.front();
    if (character == '~') {
      if (!token.starts_with("~0") && !token.starts_with("~1")) return std::nullopt;
      character = token[1] == '0' ? '~' : '/';
      length = 2;
    }
    out += character;
    token.remove_prefix(length);
  }
  return out;
}

const JsonNode* find_element(const JsonDocument& document, const JsonNode& array, std::string_view token) {
  auto index = parse_integer<std::uint32_t>(token);
  const bool leading_zero = token.size() > 1 && token.starts_with('0');
  if (!index || leading_zero || *index >= array.count) return nullptr;
  std::uint32_t element = document.index_of(array) + 1;
  while ((*index)-- > 0) element = document.node(element).end;
  return &document.node(element);
}

// Appends the children of a value that a token points to.
void find_children(const JsonDocument& document, const JsonNode& parent, std::string_view token,
                   std::vector<std::uint32_t>& found) {
  const bool is_array = parent.kind == JsonKind::array;
  if (is_array && token == "*") {
    for (auto index = document.index_of(parent) + 1; index != parent.end; index = document.node(index).end) {
      found.push_back(index);
    }
  } else if (is_array || parent.kind == JsonKind::object) {
    const JsonNode* const child = is_array ? find_element(document, parent, token) : document.find(parent, token);
    if (child != nullptr) found.push_back(document.index_of(*child));
  }
}

}  // namespace

Result<JsonPointer> JsonPointer::parse(std::string_view text) {
  const auto malformed = [text](std::string_view why) {
    return fail(ErrorCode::invalid, fmt::format("malformed JSON pointer {}: {}", quoted_name(text), why));
  };
  if (valid_utf8_prefix(text) < text.size()) return fail(ErrorCode::invalid, "a JSON pointer is not UTF-8");
  JsonPointer pointer;
  while (!text.empty()) {
    if (!text.starts_with('/')) return malformed("it does not begin with a slash");
    const std::size_t end = std::min(text.find('/', 1), text.size());
    auto token = unescaped(text.substr(1, end - 1));
    if (!token) return malformed("a tilde must be written as ~0");
    pointer.tokens_.push_back(*std::move(token));
    text.remove_prefix(end);
  }
  return pointer;
}

std::vector<std::uint32_t> JsonPointer::find(const JsonDocument& document) const {
  std::vector<std::uint32_t> found{document.index_of(document.root())};
  for (const std::string& token : tokens_) {
    std::vector<std::uint32_t> children;
    for (const std::uint32_t parent : found) find_children(document, document.node(parent), token, children);
    found = std::move(children);
  }
  return found;
}

void append_pointer(std::string& pointer, std::string_view name) {
  pointer += '/';
  for (const char character : name) {
    if (character == '~') {
      pointer += "~0";
    } else if (character == '/') {
      pointer += "~1";
    } else {
      pointer += character;
    }
  }
}

void append_pointer(std::string& pointer, std::size_t index) {
  fmt::format_to(std::back_inserter(pointer), "/{}", index);
}

}  // namespace libcache::internal
