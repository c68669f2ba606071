// JSON texts that have not arrived completely.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace libcache::internal {

// Finds the end of a JSON value in a growing text, reading each byte once. Considers only brackets and quotes; whether
// the value is valid is left to a parser.
class JsonValueEnd {
 public:
  // The size of the value at the beginning of `text`, which begins with the text of the previous call. nullopt until
  // the value ends. A number or a literal ends before the next byte that is not part of it, or with the text if `last`.
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
