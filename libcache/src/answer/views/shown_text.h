// Showing an answer's text once, although providers repeat it.
#pragma once

#include <string>
#include <string_view>

namespace libcache::internal {

// Each function returns what of `text` is new. One thread at a time.
class ShownText {
 public:
  // A piece of the answer. `may_be_cumulative`: the provider may send all of the text so far each time. Which of the two
  // it does shows in the second piece, unless that equals the first: then the piece waits for the next one.
  std::string add(std::string_view text, bool may_be_cumulative);
  // A message that may repeat what pieces showed before.
  std::string add_whole(std::string_view text);

 private:
  std::string show(std::string_view text);

  enum class Pieces { unknown, deltas, cumulative } pieces_ = Pieces::unknown;
  std::string shown_;
  std::string waiting_;
};

}  // namespace libcache::internal
