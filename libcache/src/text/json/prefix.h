// JSON whose end has not arrived yet.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace libcache::internal {

// Finds where a JSON value ends in a text that grows, looking at each byte once. Only brackets and quotes count: whether
// the value is valid is for a parser to say.
class JsonValueEnd {
 public:
  // The size of the value at the front of `text`, which has what was there at the last call in front. Nothing until the
  // value ends; a number or a literal ends before what follows it, or with the text if that is `last`.
  std::optional<std::size_t> find(std::string_view text, bool last);

 private:
  std::optional<std::size_t> find_in_container(std::string_view text);

  std::size_t seen_ = 0;
  std::size_t depth_ = 0;
  bool in_string_ = false;
};

// Whether `text` begins an object or an array and a parser accepts every byte of it, although the value does not end.
// Lenient as JsonRules::lenient.
bool is_json_cut_short(std::string_view text);

}  // namespace libcache::internal
