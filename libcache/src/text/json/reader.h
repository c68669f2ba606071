// The grammar of RFC 8259 on top of simdjson's tokens. Only for document.cpp.
#pragma once

#include <libcache/result.h>
#include <simdjson.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/json/document.h"

namespace libcache::internal {

// Reads one text. simdjson's first pass has found where each token begins and has checked UTF-8 and the plain bytes of
// strings. The grammar of its tokens is checked here, because simdjson's own documents do not check skipped values.
class JsonReader {
 public:
  struct Output {
    std::vector<JsonNode>& nodes;
    std::vector<std::uint32_t>& sorted;
    std::vector<std::uint32_t>& open;  // the containers that are not closed yet, outermost first
    std::uint32_t& max_depth;          // raised where values are nested deeper
  };
  JsonReader(const simdjson::ondemand::json_iterator& tokens, std::span<char> input, JsonRules rules, Output output)
      : tokens_(tokens), input_(input), rules_(rules), out_(output) {}

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
  bool go_deeper(std::string_view bracket);
  bool finish_containers();
  bool close_container();
  bool sort_members(std::uint32_t index);

  std::string_view next();
  bool take(char mark);
  bool has_escape(std::string_view string);
  bool next_is(char first) const { return !tokens_.at_end() && *tokens_.peek() == static_cast<std::uint8_t>(first); }
  JsonNode& add_node(JsonKind kind, std::string_view token);
  bool in_object() const { return !out_.open.empty() && innermost().kind == JsonKind::object; }
  JsonNode& innermost() const { return out_.nodes[out_.open.back()]; }
  char closing_bracket() const { return in_object() ? '}' : ']'; }
  bool unexpected(std::string_view expected, std::string_view token);
  bool error(std::string_view what, std::string_view at);

  simdjson::ondemand::json_iterator tokens_;
  std::span<char> input_;
  std::size_t backslash_ = 0;  // no backslash is between the current position and this one
  JsonRules rules_;
  Output out_;
  std::string_view name_;  // of the member whose value comes next
  bool plain_name_ = true;
  std::string error_;
};

}  // namespace libcache::internal
