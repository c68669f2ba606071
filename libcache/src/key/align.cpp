#include "key/align.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace libcache::internal {
namespace {

using Texts = std::span<const std::string>;

// Cells of a table: 4 MiB, and a few milliseconds. Comparing texts takes longer than comparing numbers.
constexpr std::size_t kMostCells = 1 << 20;
constexpr std::size_t kMostTextCells = 10'000;
// Bytes that are compared at either end of two elements.
constexpr std::size_t kMostCompared = 4096;

// Parts of both lists.
struct Range {
  std::size_t left_begin;
  std::size_t left_end;
  std::size_t right_begin;
  std::size_t right_end;

  std::size_t left_size() const { return left_end - left_begin; }
  std::size_t right_size() const { return right_end - right_begin; }
};

// How much two elements that differ have in common, in thousandths of the longer one.
std::uint32_t similarity(const std::string& left, const std::string& right) {
  const std::size_t shorter = std::min({left.size(), right.size(), kMostCompared});
  std::size_t begin = 0;
  while (begin < shorter && left[begin] == right[begin]) ++begin;
  std::size_t end = 0;
  while (end < shorter - begin && left[left.size() - 1 - end] == right[right.size() - 1 - end]) ++end;
  const std::size_t longer = std::min(std::max(left.size(), right.size()), 2 * kMostCompared);
  return static_cast<std::uint32_t>(1000 * (begin + end) / std::max<std::size_t>(longer, 1));
}

class Alignment {
 public:
  Alignment(Texts left, Texts right) : left_(left), right_(right) {
    std::unordered_map<std::string_view, std::uint32_t> numbers;
    const auto number = [&](const std::string& text) {
      return numbers.try_emplace(text, static_cast<std::uint32_t>(numbers.size())).first->second;
    };
    std::ranges::transform(left, std::back_inserter(left_numbers_), number);
    std::ranges::transform(right, std::back_inserter(right_numbers_), number);
  }

  std::vector<AlignedPlace> places() {
    Range range{0, left_.size(), 0, right_.size()};
    const auto both_left = [&] { return range.left_size() > 0 && range.right_size() > 0; };
    while (both_left() && is_equal(range.left_begin, range.right_begin)) {
      pair(range.left_begin++, range.right_begin++);
    }
    std::size_t equal_at_end = 0;
    while (both_left() && is_equal(range.left_end - 1, range.right_end - 1)) {
      --range.left_end, --range.right_end, ++equal_at_end;
    }
    align_equal(range);
    for (std::size_t i = 0; i < equal_at_end; ++i) pair(range.left_end + i, range.right_end + i);
    return std::move(places_);
  }

 private:
  void pair(std::size_t left, std::size_t right) { places_.push_back({left, right}); }

  // The same number for the same text.
  bool is_equal(std::size_t left, std::size_t right) const { return left_numbers_[left] == right_numbers_[right]; }

  static bool fits(const Range& range, std::size_t cells) {
    return range.left_size() + 1 <= cells / (range.right_size() + 1);
  }

  // The pairs with the greatest total of gains, among those that do not cross; a gain of 0 makes none.
  template <class Gain>
  std::vector<std::pair<std::size_t, std::size_t>> best_pairs(const Range& range, Gain gain) const {
    const std::size_t columns = range.right_size() + 1;
    std::vector<std::uint32_t> best((range.left_size() + 1) * columns, 0);  // of the rest from there on
    const auto at = [&](std::size_t i, std::size_t j) -> std::uint32_t& { return best[i * columns + j]; };
    const auto gain_at = [&](std::size_t i, std::size_t j) -> std::uint32_t {
      return gain(range.left_begin + i, range.right_begin + j);
    };
    for (std::size_t i = range.left_size(); i-- > 0;) {
      for (std::size_t j = range.right_size(); j-- > 0;) {
        at(i, j) = std::max({at(i + 1, j), at(i, j + 1), at(i + 1, j + 1) + gain_at(i, j)});
      }
    }
    std::vector<std::pair<std::size_t, std::size_t>> pairs;
    for (std::size_t i = 0, j = 0; i < range.left_size() && j < range.right_size();) {
      const std::uint32_t here = gain_at(i, j);
      if (here > 0 && at(i, j) == at(i + 1, j + 1) + here) {
        pairs.emplace_back(range.left_begin + i++, range.right_begin + j++);
      } else {
        at(i, j) == at(i + 1, j) ? ++i : ++j;
      }
    }
    return pairs;
  }

  void align_equal(Range range) {
    if (!fits(range, kMostCells)) return pair_in_order(range);
    const auto gain = [this](std::size_t left, std::size_t right) { return is_equal(left, right) ? 1U : 0U; };
    for (const auto& [left, right] : best_pairs(range, gain)) {
      align_similar({range.left_begin, left, range.right_begin, right});
      pair(left, right);
      range.left_begin = left + 1;
      range.right_begin = right + 1;
    }
    align_similar(range);
  }

  // Elements none of which are equal. Of as many on both sides, each has changed.
  void align_similar(Range range) {
    if (range.left_size() == range.right_size() || !fits(range, kMostTextCells)) return pair_in_order(range);
    const auto gain = [this](std::size_t left, std::size_t right) {
      return 1 + similarity(left_[left], right_[right]);
    };
    for (const auto& [left, right] : best_pairs(range, gain)) {
      pair_in_order({range.left_begin, left, range.right_begin, right});
      pair(left, right);
      range.left_begin = left + 1;
      range.right_begin = right + 1;
    }
    pair_in_order(range);
  }

  void pair_in_order(const Range& range) {
    const std::size_t both = std::min(range.left_size(), range.right_size());
    for (std::size_t i = 0; i < both; ++i) pair(range.left_begin + i, range.right_begin + i);
    for (std::size_t i = range.left_begin + both; i < range.left_end; ++i) places_.push_back({i, std::nullopt});
    for (std::size_t i = range.right_begin + both; i < range.right_end; ++i) places_.push_back({std::nullopt, i});
  }

  Texts left_;
  Texts right_;
  std::vector<std::uint32_t> left_numbers_;
  std::vector<std::uint32_t> right_numbers_;
  std::vector<AlignedPlace> places_;
};

}  // namespace

std::vector<AlignedPlace> align(const std::vector<std::string>& left, const std::vector<std::string>& right) {
  return Alignment(left, right).places();
}

}  // namespace libcache::internal
