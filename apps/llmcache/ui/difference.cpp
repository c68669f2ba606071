#include "ui/difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "text.h"
#include "ui/json_line.h"
#include "ui/terminal.h"

namespace llmcache {

namespace {

namespace lc = libcache;

using Words = std::vector<std::string_view>;

// Texts up to this length are shown whole.
constexpr std::size_t kShort = 60;
constexpr std::size_t kLongestValue = 200;
// How much is shown around a place that differs, and of what differs there on each side.
constexpr std::size_t kAround = 24;
constexpr std::size_t kLongestChange = 80;
constexpr std::size_t kMostWindows = 3;
// Words that are compared with each other, after equal beginnings and ends are left out.
constexpr std::size_t kMostCells = 1 << 20;

bool is_text(const std::optional<std::string>& json) {
  return json && json->starts_with('"');
}

bool continues_character(char c) {
  return (c & 0xc0) == 0x80;
}

std::size_t end_of_character(std::string_view text, std::size_t begin) {
  std::size_t end = begin + 1;
  while (end < text.size() && continues_character(text[end])) ++end;
  return end;
}

// Whether a byte begins a character that takes three or four: most of the scripts that are written without spaces.
bool begins_wide_character(char c) {
  return static_cast<unsigned char>(c) >= 0xe0;
}

// Where the word ends that begins there, or the character, if there is none. A time such as 10:00:00 is one word.
std::size_t end_of_word(std::string_view text, std::size_t begin) {
  constexpr std::string_view kJoints = ".:,-_/@'";
  constexpr std::size_t kLongest = 32;  // of anything longer the characters are compared
  if (!is_in_word(text[begin]) || begins_wide_character(text[begin])) return end_of_character(text, begin);
  const auto is_within = [&](std::size_t at) {
    return at < text.size() && is_in_word(text[at]) && !begins_wide_character(text[at]);
  };
  std::size_t end = begin + 1;
  while (is_within(end) ||
         (end < text.size() && kJoints.find(text[end]) != std::string_view::npos && is_within(end + 1))) {
    if (++end - begin > kLongest) return end_of_character(text, begin);
  }
  return end;
}

// Words and what is between them.
Words words_of(std::string_view text) {
  Words words;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = end_of_word(text, begin);
    words.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return words;
}

// The words from `begin` to `end` on either side that differ.
struct Change {
  std::size_t left_begin;
  std::size_t left_end;
  std::size_t right_begin;
  std::size_t right_end;
};

// The changes between two lists of words, of which nothing else is equal at both ends of the range.
std::vector<Change> changes_within(const Words& left, const Words& right, const Change& range) {
  const std::size_t rows = range.left_end - range.left_begin;
  const std::size_t columns = range.right_end - range.right_begin;
  if (rows == 0 || columns == 0 || rows + 1 > kMostCells / (columns + 1)) return {range};
  const auto is_equal = [&](std::size_t i, std::size_t j) {
    return left[range.left_begin + i] == right[range.right_begin + j];
  };
  // The length of the longest common subsequence of the rests.
  std::vector<std::uint32_t> longest((rows + 1) * (columns + 1), 0);
  const auto at = [&](std::size_t i, std::size_t j) -> std::uint32_t& { return longest[i * (columns + 1) + j]; };
  for (std::size_t i = rows; i-- > 0;) {
    for (std::size_t j = columns; j-- > 0;) {
      at(i, j) = is_equal(i, j) ? at(i + 1, j + 1) + 1 : std::max(at(i + 1, j), at(i, j + 1));
    }
  }
  std::vector<Change> changes;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < rows || j < columns) {
    const std::size_t from_i = i;
    const std::size_t from_j = j;
    while ((i < rows || j < columns) && !(i < rows && j < columns && is_equal(i, j))) {
      j == columns || (i < rows && at(i + 1, j) >= at(i, j + 1)) ? ++i : ++j;
    }
    changes.push_back(
        {range.left_begin + from_i, range.left_begin + i, range.right_begin + from_j, range.right_begin + j});
    while (i < rows && j < columns && is_equal(i, j)) ++i, ++j;
  }
  return changes;
}

std::vector<Change> changes_of(const Words& left, const Words& right) {
  Change range{0, left.size(), 0, right.size()};
  const std::size_t shorter = std::min(left.size(), right.size());
  while (range.left_begin < shorter && left[range.left_begin] == right[range.right_begin]) {
    ++range.left_begin, ++range.right_begin;
  }
  while (range.left_end > range.left_begin && range.right_end > range.right_begin &&
         left[range.left_end - 1] == right[range.right_end - 1]) {
    --range.left_end, --range.right_end;
  }
  return changes_within(left, right, range);
}

std::string joined(const Words& words, std::size_t begin, std::size_t end) {
  if (begin == end) return {};
  const char* const first = words[begin].data();
  return {first, static_cast<std::size_t>(words[end - 1].data() + words[end - 1].size() - first)};
}

// As JSON spells it, which has no line breaks and no control characters.
std::string shown(std::string_view text) {
  const Json json(text);
  return json.text().substr(1, json.text().size() - 2);
}

// A window begins and ends between words, unless they are long.
constexpr std::size_t kLongestCutWord = 12;

std::string last_of(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  std::size_t begin = text.size() - most;
  if (const auto space = text.find(' ', begin); space < begin + kLongestCutWord) begin = space + 1;
  while (begin < text.size() && continues_character(text[begin])) ++begin;
  return "…" + std::string(text.substr(begin));
}

std::string first_of(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  const auto space = text.rfind(' ', most);
  if (space != std::string_view::npos && space + kLongestCutWord > most) most = space;
  while (most > 0 && continues_character(text[most])) --most;
  return std::string(text.substr(0, most)) + "…";
}

std::string bracketed(const std::string& left, const std::string& right) {
  return fmt::format("[{}|{}]", shown(first_of(left, kLongestChange)), shown(first_of(right, kLongestChange)));
}

// Windows around what differs between two texts.
std::string windows(std::string_view left_text, std::string_view right_text) {
  const Words left = words_of(left_text);
  const Words right = words_of(right_text);
  const auto changes = changes_of(left, right);
  std::string out;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const Change& change = changes[i];
    if (i == kMostWindows) return out + fmt::format(" and {} more", changes.size() - i);
    // What is equal before it, back to the change before.
    const std::string before = joined(right, i == 0 ? 0 : changes[i - 1].right_end, change.right_begin);
    const bool follows = i > 0 && before.size() <= 2 * kAround;
    if (follows) {
      out += shown(before);
    } else {
      if (i > 0) out += shown(first_of(before, kAround)) + " ";
      out += shown(last_of(before, kAround));
    }
    out += bracketed(joined(left, change.left_begin, change.left_end),
                     joined(right, change.right_begin, change.right_end));
  }
  const std::string after = joined(right, changes.back().right_end, right.size());
  return out + shown(first_of(after, kAround));
}

}  // namespace

std::optional<std::string> show_windows(const lc::Difference& difference) {
  if (!is_text(difference.left) || !is_text(difference.right)) return std::nullopt;
  if (std::max(difference.left->size(), difference.right->size()) <= kShort) return std::nullopt;
  const auto left = nlohmann::json::parse(*difference.left, nullptr, false);
  const auto right = nlohmann::json::parse(*difference.right, nullptr, false);
  if (!left.is_string() || !right.is_string()) return std::nullopt;
  return windows(left.get_ref<const std::string&>(), right.get_ref<const std::string&>());
}

std::string show_value(const std::optional<std::string>& json) {
  return json ? escaped(first_of(*json, kLongestValue), false) : "(absent)";
}

}  // namespace llmcache
