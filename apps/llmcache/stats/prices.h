// What tokens cost, by model.
#pragma once

#include <libcache/counters.h>
#include <libcache/time.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llmcache {

// Prices for a million tokens, from a file: {"gpt-4o*": {"prompt": 2.5, "cached": 1.25, "completion": 10}}.
class Prices {
 public:
  // Throws a Failure: unavailable if the deadline passes first; usage if the file cannot be read or is not of this form.
  static Prices read(const std::string& path, libcache::Deadline deadline);

  // What the tokens of these hits would have cost. Of the globs that match the model, the longest counts; nothing if none
  // does.
  std::optional<double> of(std::string_view model, const libcache::Counters& counters) const;

 private:
  struct Price {
    std::string glob;
    double prompt = 0;
    double cached = 0;
    double completion = 0;
  };
  std::vector<Price> prices_;  // the longest globs first, then by the alphabet
};

}  // namespace llmcache
