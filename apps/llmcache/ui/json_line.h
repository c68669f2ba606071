// JSON that the program prints for other programs. It is safe to print on a terminal: control characters, invisible
// characters and bidirectional controls in strings are written as \u escapes.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llmcache {

// A value as JSON text.
class Json {
 public:
  using Members = std::vector<std::pair<std::string, Json>>;

  Json(bool value) : text_(value ? "true" : "false") {}
  template <std::integral Number>
  Json(Number value) : text_(std::to_string(value)) {}
  Json(std::string_view text);  // a string; bytes that are not UTF-8 are replaced
  Json(const std::string& text) : Json(std::string_view(text)) {}
  Json(const char* text) : Json(std::string_view(text)) {}
  // Text that is JSON already.
  static Json raw(std::string_view json);
  // Text that may be JSON, on one line: as a value if it is, otherwise as a string.
  static Json value_or_text(std::string_view text);
  static Json array(const std::vector<Json>& elements);
  static Json object(const Members& members);

  const std::string& text() const { return text_; }

 private:
  Json() = default;
  std::string text_;
};

// An object on one line: first "schema", which is "llmcache.NAME/1" for the kind of object, then `members`.
std::string json_line(std::string_view name, const Json::Members& members);

// An object with one member on each line, for people.
std::string json_lines(const Json::Members& members);

}  // namespace llmcache
