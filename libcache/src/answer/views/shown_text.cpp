#include "answer/views/shown_text.h"

#include <utility>

namespace libcache::internal {

std::string ShownText::show(std::string_view text) {
  shown_ += text;
  return std::string(text);
}

std::string ShownText::add(std::string_view text, bool may_be_cumulative) {
  if (!may_be_cumulative || pieces_ == Pieces::deltas || shown_.empty()) return show(text);
  const bool repeats = text.starts_with(shown_);
  if (pieces_ == Pieces::unknown && text == shown_ && waiting_.empty()) {
    waiting_ = text;
    return "";
  }
  if (pieces_ == Pieces::unknown) pieces_ = repeats ? Pieces::cumulative : Pieces::deltas;
  if (repeats) return show(std::string(text.substr(shown_.size())));
  return show(std::exchange(waiting_, {}) + std::string(text));
}

std::string ShownText::add_whole(std::string_view text) {
  return text.starts_with(shown_) ? show(std::string(text.substr(shown_.size()))) : "";
}

}  // namespace libcache::internal
