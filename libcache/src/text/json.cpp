#include "text/json.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "text/escape.h"
#include "text/json_error.h"
#include "text/number.h"
#include "text/utf8.h"

namespace libcache {

namespace {

bool is_space(char character) {
  return character == ' ' || character == '\n' || character == '\r' || character == '\t';
}

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

// Reads one text. simdjson's first pass has found where each token begins and has checked UTF-8 and the plain bytes of
// strings. The grammar of its tokens is checked here: simdjson's own documents skip what nobody asks them for.
class Reader {
 public:
  struct Output {
    std::vector<JsonNode>& nodes;
    std::vector<std::uint32_t>& sorted;
    std::vector<std::uint32_t>& open;  // the containers that are not closed yet, outermost first
  };
  Reader(const simdjson::ondemand::json_iterator& tokens, std::span<char> input, Output output)
      : tokens_(tokens), input_(input), out_(output) {}

  Status read() {
    if (read_all()) return {};
    return fail(ErrorCode::invalid, std::move(error_));
  }

 private:
  bool read_all();
  bool read_name();
  bool read_scalar(std::string_view token);
  bool read_string(std::string_view token);
  bool read_number(std::string_view token);
  bool read_literal(std::string_view token, std::string_view literal, JsonKind kind);
  bool check_escapes(std::string_view string, bool& minimal);
  bool open_container(std::string_view token);
  bool finish_containers();
  bool close_container();
  bool sort_members(std::uint32_t index);

  std::string_view next();
  bool next_is(char first) const { return !tokens_.at_end() && *tokens_.peek() == static_cast<std::uint8_t>(first); }
  JsonNode& add_node(JsonKind kind, std::string_view token);
  bool in_object() const { return !out_.open.empty() && innermost().kind == JsonKind::object; }
  JsonNode& innermost() const { return out_.nodes[out_.open.back()]; }
  char closing_bracket() const { return in_object() ? '}' : ']'; }
  bool unexpected(std::string_view expected, std::string_view token);
  bool error(std::string_view what, std::string_view at);

  simdjson::ondemand::json_iterator tokens_;
  std::span<char> input_;
  Output out_;
  std::string_view name_;  // of the member whose value is due
  std::string error_;
};

// A turn of the loop reads a value, with its name in front and the ends of containers behind.
bool Reader::read_all() {
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
  return tokens_.at_end() || error("text behind the value", next());
}

// The next token without the white space behind it; empty at the end of the input.
std::string_view Reader::next() {
  if (tokens_.at_end()) return {input_.data() + input_.size(), 0};
  std::size_t length = tokens_.peek_length();
  const char* const begin = reinterpret_cast<const char*>(tokens_.return_current_and_advance());
  while (is_space(begin[length - 1])) --length;
  return {begin, length};
}

// Says what was expected where something else stands.
bool Reader::unexpected(std::string_view expected, std::string_view token) {
  if (token.empty()) return error("the text ends too early", token);
  return error(fmt::format("expected {}", expected), token);
}

bool Reader::error(std::string_view what, std::string_view at) {
  error_ = fmt::format("{} at byte {}", what, at.data() - input_.data());
  return false;
}

bool Reader::read_name() {
  const std::string_view token = next();
  if (!token.starts_with('"')) return unexpected("a member's name", token);
  name_ = token.substr(1, token.size() - 2);
  if (name_.find('\\') != std::string_view::npos) {
    bool minimal = true;
    if (!check_escapes(name_, minimal)) return false;
    char* const begin = input_.data() + (name_.data() - input_.data());
    name_ = {begin, static_cast<std::size_t>(unescape(name_, begin) - begin)};
  }
  const std::string_view colon = next();
  return colon == ":" || unexpected("':'", colon);
}

JsonNode& Reader::add_node(JsonKind kind, std::string_view token) {
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
  }
  return node;
}

bool Reader::read_scalar(std::string_view token) {
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

bool Reader::read_string(std::string_view token) {
  JsonNode& node = add_node(JsonKind::string, token.substr(1, token.size() - 2));
  node.escaped = node.token.find('\\') != std::string_view::npos;
  return !node.escaped || check_escapes(node.token, node.minimal);
}

bool Reader::read_literal(std::string_view token, std::string_view literal, JsonKind kind) {
  if (token != literal) return unexpected("a value", token);
  add_node(kind, token);
  return true;
}

bool Reader::read_number(std::string_view token) {
  const NumberForm form = number_form(token);
  if (form == NumberForm::invalid) return unexpected("a value", token);
  if (may_overflow(token) && std::isinf(to_double(token))) return error("number beyond the range of doubles", token);
  add_node(form == NumberForm::integer ? JsonKind::integer : JsonKind::decimal, token);
  return true;
}

// Checks all escapes of a string; `minimal` becomes whether RFC 8785 would write every one of them.
bool Reader::check_escapes(std::string_view string, bool& minimal) {
  for (std::size_t at = string.find('\\'); at != std::string_view::npos; at = string.find('\\', at)) {
    const std::string_view rest = string.substr(at);
    const Escape escape = read_escape(rest);
    if (escape.length == 0) return error("invalid escape", rest);
    if (escape.lone_surrogate) return error("lone surrogate escape", rest);
    minimal = minimal && escape.minimal;
    at += escape.length;
  }
  return true;
}

bool Reader::open_container(std::string_view bracket) {
  if (out_.open.size() == JsonDocument::kMaxDepth) {
    return error(fmt::format("nesting deeper than {}", JsonDocument::kMaxDepth), bracket);
  }
  const auto index = static_cast<std::uint32_t>(out_.nodes.size());
  add_node(bracket.front() == '{' ? JsonKind::object : JsonKind::array, bracket);
  out_.open.push_back(index);
  return true;
}

// Behind a value: closes every container that ends here, and takes the comma before the next value.
bool Reader::finish_containers() {
  while (!out_.open.empty()) {
    const std::string_view token = next();
    if (token == ",") return true;
    if (!token.starts_with(closing_bracket())) return unexpected(fmt::format("',' or '{}'", closing_bracket()), token);
    if (!close_container()) return false;
  }
  return true;
}

bool Reader::close_container() {
  const std::uint32_t index = out_.open.back();
  JsonNode& node = out_.nodes[index];
  node.end = static_cast<std::uint32_t>(out_.nodes.size());
  out_.open.pop_back();
  return node.kind == JsonKind::array || sort_members(index);
}

bool Reader::sort_members(std::uint32_t index) {
  const auto& nodes = out_.nodes;
  auto& sorted = out_.sorted;
  JsonNode& object = out_.nodes[index];
  object.first = static_cast<std::uint32_t>(sorted.size());
  for (std::uint32_t member = index + 1; member < object.end; member = nodes[member].end) sorted.push_back(member);
  const auto begin = sorted.begin() + object.first;
  const auto before = [&nodes](std::uint32_t left, std::uint32_t right) {
    return utf16_less(nodes[left].name, nodes[right].name);
  };
  if (!std::is_sorted(begin, sorted.end(), before)) std::sort(begin, sorted.end(), before);
  const auto same_name = [&nodes](std::uint32_t left, std::uint32_t right) {
    return nodes[left].name == nodes[right].name;
  };
  const auto twice = std::adjacent_find(begin, sorted.end(), same_name);
  if (twice == sorted.end()) return true;
  const std::string_view name = nodes[std::max(twice[0], twice[1])].name;
  return error(fmt::format("duplicate member {}", quoted_name(name)), name);
}

}  // namespace

// What is kept from text to text.
struct JsonDocument::Memory {
  simdjson::ondemand::parser tokenizer;
  std::unique_ptr<char[]> text;
  std::size_t capacity = 0;
  std::vector<std::uint32_t> open;

  std::span<char> load(std::string_view input);
};

// Copies a text, for simdjson reads beyond its end and names are unescaped in place.
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

Status JsonDocument::parse(std::string_view text) {
  nodes_.clear();
  sorted_.clear();
  memory_->open.clear();
  const std::size_t mark = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  if (text.size() == mark) return fail(ErrorCode::invalid, "empty input");
  const std::span<char> copy = memory_->load(text);
  const simdjson::padded_string_view padded(copy.data() + mark, copy.size() - mark,
                                            copy.size() - mark + simdjson::SIMDJSON_PADDING);
  simdjson::ondemand::json_iterator tokens;
  if (const auto error = memory_->tokenizer.iterate_raw(padded).get(tokens); error != simdjson::SUCCESS) {
    return fail(ErrorCode::invalid, describe(error, text));
  }
  auto status = Reader(tokens, copy, {nodes_, sorted_, memory_->open}).read();
  if (!status) nodes_.clear();
  return status;
}

const JsonNode* JsonDocument::find(const JsonNode& object, std::string_view name) const {
  const auto members = sorted_members(object);
  const auto before = [this](std::uint32_t index, std::string_view wanted) {
    return utf16_less(nodes_[index].name, wanted);
  };
  const auto found = std::lower_bound(members.begin(), members.end(), name, before);
  return found != members.end() && nodes_[*found].name == name ? &nodes_[*found] : nullptr;
}

std::string_view JsonDocument::unescape(const JsonNode& string, std::string& scratch) {
  if (!string.escaped) return string.token;
  scratch.resize(string.token.size());
  const char* const end = libcache::unescape(string.token, scratch.data());
  scratch.resize(static_cast<std::size_t>(end - scratch.data()));
  return scratch;
}

bool utf16_less(std::string_view left, std::string_view right) {
  const std::size_t shorter = std::min(left.size(), right.size());
  const auto differ = std::mismatch(left.begin(), left.begin() + shorter, right.begin());
  if (differ.first == left.begin() + shorter) return left.size() < right.size();
  // The bytes order as their code units do, but that U+E000 to U+FFFF (lead bytes EE and EF) come behind the surrogates
  // that stand for what lies beyond (F0 to F4).
  const auto rank = [](char byte) {
    const auto value = static_cast<std::uint8_t>(byte);
    return value == 0xEE || value == 0xEF ? value + 0x10 : value;
  };
  return rank(*differ.first) < rank(*differ.second);
}

}  // namespace libcache
