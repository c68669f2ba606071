#include "text/json/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "text/json/error.h"
#include "text/json/escape.h"
#include "text/json/number.h"

namespace libcache::internal {

namespace {

bool is_space(char character) {
  return character == ' ' || character == '\n' || character == '\r' || character == '\t';
}

}  // namespace

// Each iteration reads a value, with its name before it and the ends of containers after it.
bool JsonReader::read_all() {
  do {
    if (in_object() && !read_name()) return false;
    const std::string_view token = next();
    if (token.starts_with('{') || token.starts_with('[')) {
      if (!open_container(token)) return false;
      if (!next_is(closing_bracket())) continue;
    } else if (!read_scalar(token)) {
      return false;
    }
    if (!finish_containers()) return false;
  } while (!out_.open.empty());
  return tokens_.at_end() || error("extra text after the value", next());
}

// The next token without the white space after it; empty at the end of the input.
std::string_view JsonReader::next() {
  if (tokens_.at_end()) return {input_.data() + input_.size(), 0};
  std::size_t length = tokens_.peek_length();
  const char* const begin = reinterpret_cast<const char*>(tokens_.return_current_and_advance());
  while (is_space(begin[length - 1])) --length;
  return {begin, length};
}

// Consumes the next token if it is this bracket, colon or comma, each of which is a token.
bool JsonReader::take(char mark) {
  if (!next_is(mark)) return false;
  tokens_.return_current_and_advance();
  return true;
}

// Whether a string contains a backslash. Called for strings in document order, so that a text without escapes is
// searched once.
bool JsonReader::has_escape(std::string_view string) {
  const auto begin = static_cast<std::size_t>(string.data() - input_.data());
  if (backslash_ < begin) {
    backslash_ = std::min(std::string_view(input_.data(), input_.size()).find('\\', begin), input_.size());
  }
  return backslash_ < begin + string.size();
}

// Fails with a message that says what was expected in place of `token`.
bool JsonReader::unexpected(std::string_view expected, std::string_view token) {
  if (token.empty()) return error("unexpected end of input", token);
  return error(fmt::format("expected {}", expected), token);
}

bool JsonReader::error(std::string_view what, std::string_view at) {
  error_ = fmt::format("{} at byte {}", what, at.data() - input_.data());
  return false;
}

bool JsonReader::read_name() {
  const std::string_view token = next();
  if (!token.starts_with('"')) return unexpected("a member's name", token);
  name_ = token.substr(1, token.size() - 2);
  plain_name_ = true;
  if (has_escape(name_)) {
    bool minimal = true;
    if (!check_escapes(name_, minimal)) return false;
    char* const begin = input_.data() + (name_.data() - input_.data());
    char* const end = unescape(name_, begin);
    *end = '"';
    name_ = {begin, end};
    plain_name_ = std::none_of(name_.begin(), name_.end(), needs_escape);
  }
  return take(':') || unexpected("':'", next());
}

JsonNode& JsonReader::add_node(JsonKind kind, std::string_view token) {
  JsonNode& node = out_.nodes.emplace_back();
  node.kind = kind;
  node.token = token;
  node.end = static_cast<std::uint32_t>(out_.nodes.size());
  if (out_.open.empty()) return node;
  JsonNode& parent = innermost();
  ++parent.count;
  if (parent.kind == JsonKind::object) {
    node.in_object = true;
    node.name = name_;
    node.plain_name = plain_name_;
  }
  return node;
}

bool JsonReader::read_scalar(std::string_view token) {
  switch (token.empty() ? '\0' : token.front()) {
    case '"':
      return read_string(token);
    case 't':
      return read_literal(token, "true", JsonKind::true_);
    case 'f':
      return read_literal(token, "false", JsonKind::false_);
    case 'n':
      return read_literal(token, "null", JsonKind::null);
    default:
      return read_number(token);
  }
}

bool JsonReader::read_string(std::string_view token) {
  JsonNode& node = add_node(JsonKind::string, token.substr(1, token.size() - 2));
  node.escaped = has_escape(node.token);
  return !node.escaped || check_escapes(node.token, node.minimal);
}

bool JsonReader::read_literal(std::string_view token, std::string_view literal, JsonKind kind) {
  if (token != literal) return unexpected("a value", token);
  add_node(kind, token);
  return true;
}

bool JsonReader::read_number(std::string_view token) {
  if (rules_ == JsonRules::lenient && (token == "NaN" || token == "Infinity" || token == "-Infinity")) {
    add_node(JsonKind::decimal, token);
    return true;
  }
  const NumberForm form = number_form(token);
  if (form == NumberForm::invalid) return unexpected("a value", token);
  if (rules_ == JsonRules::strict && may_overflow(token) && std::isinf(to_double(token))) {
    return error("number overflows a double", token);
  }
  add_node(form == NumberForm::integer ? JsonKind::integer : JsonKind::decimal, token);
  return true;
}

// Checks all escapes of a string, and sets `minimal` to whether RFC 8785 would write all of them.
bool JsonReader::check_escapes(std::string_view string, bool& minimal) {
  for (string.remove_prefix(find_escape(string)); !string.empty(); string.remove_prefix(find_escape(string))) {
    const Escape escape = read_escape(string);
    if (escape.length == 0) return error("invalid escape", string);
    if (escape.lone_surrogate && rules_ == JsonRules::strict) return error("lone surrogate escape", string);
    minimal = minimal && escape.minimal;
    string.remove_prefix(escape.length);
  }
  return true;
}

bool JsonReader::open_container(std::string_view bracket) {
  if (out_.open.size() >= JsonDocument::kMaxDepth && !go_deeper(bracket)) return false;
  const auto index = static_cast<std::uint32_t>(out_.nodes.size());
  add_node(bracket.front() == '{' ? JsonKind::object : JsonKind::array, bracket);
  out_.open.push_back(index);
  return true;
}

// Opens a container beyond the depth that the strict rules allow.
bool JsonReader::go_deeper(std::string_view bracket) {
  const std::uint32_t limit = rules_ == JsonRules::go ? JsonDocument::kMaxGoDepth : JsonDocument::kMaxDepth;
  if (out_.open.size() == limit) return error(fmt::format("nesting deeper than {}", limit), bracket);
  out_.max_depth = std::max(out_.max_depth, static_cast<std::uint32_t>(out_.open.size()) + 1);
  return true;
}

// After a value: closes every container that ends here, and consumes the comma before the next value.
bool JsonReader::finish_containers() {
  while (!out_.open.empty()) {
    if (take(',')) return true;
    if (!take(closing_bracket())) return unexpected(fmt::format("',' or '{}'", closing_bracket()), next());
    if (!close_container()) return false;
  }
  return true;
}

bool JsonReader::close_container() {
  const std::uint32_t index = out_.open.back();
  JsonNode& node = out_.nodes[index];
  node.end = static_cast<std::uint32_t>(out_.nodes.size());
  out_.open.pop_back();
  return node.kind == JsonKind::array || rules_ == JsonRules::lenient || sort_members(index);
}

bool JsonReader::sort_members(std::uint32_t index) {
  const auto& nodes = out_.nodes;
  auto& sorted = out_.sorted;
  JsonNode& object = out_.nodes[index];
  object.first = static_cast<std::uint32_t>(sorted.size());
  for (std::uint32_t member = index + 1; member < object.end; member = nodes[member].end) sorted.push_back(member);
  const auto begin = sorted.begin() + object.first;
  const auto before = [&nodes, this](std::uint32_t left, std::uint32_t right) {
    const auto order = rules_ == JsonRules::strict ? utf16_order(nodes[left].name, nodes[right].name)
                                                   : nodes[left].name <=> nodes[right].name;
    return order != 0 ? order < 0 : left < right;
  };
  if (!std::is_sorted(begin, sorted.end(), before)) std::sort(begin, sorted.end(), before);
  if (rules_ == JsonRules::go) return true;
  const auto same_name = [&nodes](std::uint32_t left, std::uint32_t right) {
    return nodes[left].name == nodes[right].name;
  };
  const auto twice = std::adjacent_find(begin, sorted.end(), same_name);
  if (twice == sorted.end()) return true;
  const std::string_view name = nodes[std::max(twice[0], twice[1])].name;
  return error(fmt::format("duplicate member {}", quoted_name(name)), name);
}

}  // namespace libcache::internal
