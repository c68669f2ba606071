// JSON values one after another in any layout, the elements of an array that is sent piece by piece, or one value.
#include <algorithm>

#include "answer/framing/framer.h"
#include "text/json/prefix.h"
#include "text/trim.h"
#include "text/utf8.h"

namespace libcache::internal {

namespace {

constexpr std::string_view kSpace = " \t\r\n\x1e";  // RFC 7464 puts a record separator before each value

std::size_t skip_space(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(kSpace, at), text.size());
}

// A chunk ends after a value and the line end that follows it, if there is one.
class JsonFramer final : public Framer {
 public:
  std::optional<std::size_t> next(std::string_view rest, bool last) override {
    if (!has_end_ && !find_value(rest, last)) return std::nullopt;
    has_end_ = true;
    const std::size_t stop = std::min(rest.find_first_not_of(" \t\r", end_), rest.size());
    if (stop == rest.size() && !last) return std::nullopt;
    const bool ends_line = stop < rest.size() && rest[stop] == '\n';
    const std::size_t size = ends_line ? stop + 1 : end_;
    has_end_ = has_begin_ = false;
    searched_ = 0;
    value_end_ = {};
    return size;
  }

  void read(std::string_view chunk, const AnswerEventHandler& handle) override {
    if (begin_ == end_) return;  // the end of an array
    AnswerEvent event{.form = in_array_ ? EventForm::element : EventForm::value};
    event.data = chunk.substr(begin_, end_ - begin_);
    const bool is_digits = event.data.find_first_not_of("0123456789") == std::string_view::npos;
    event.is_json = document_.parse(event.data, JsonRules::lenient).has_value();
    if (!event.is_json && !is_digits) {
      is_broken_ = true;
      return;
    }
    if (event.is_json) event.json = JsonValue(document_);
    handle(event);
  }

  void read_rest(std::string_view rest, const AnswerEventHandler& handle) override {
    if (rest.starts_with(kByteOrderMark)) rest.remove_prefix(kByteOrderMark.size());
    std::size_t at = skip_space(rest, 0);
    if (in_array_ && at < rest.size() && rest[at] == ',') at = skip_space(rest, at + 1);
    const bool is_over = at == rest.size();
    if (is_broken_ || (is_over && !in_array_)) return;
    if (!is_over && !is_json_cut_short(rest.substr(at))) {
      is_broken_ = true;
      return;
    }
    handle({.form = in_array_ ? EventForm::element : EventForm::value, .data = rest.substr(at), .is_whole = false});
  }

  bool fits() const override { return !is_broken_; }

 private:
  // Finds where the next value begins and ends. The end of an array counts as a value without bytes.
  bool find_value(std::string_view rest, bool last) {
    if (is_broken_ || (!has_begin_ && !find_begin(rest, last))) return false;
    if (!has_begin_) return true;
    const auto size = value_end_.find(rest.substr(begin_), last);
    if (!size || (last && begin_ + *size > rest.size())) return false;
    end_ = begin_ + *size;
    if (end_ == begin_) is_broken_ = true;
    needs_comma_ = in_array_;
    return !is_broken_;
  }

  // Moves begin_ to the next value. True without has_begin_: an array ended.
  bool find_begin(std::string_view rest, bool last) {
    std::size_t at = skip_space(rest, searched_);
    if (at_start_ && rest.starts_with(kByteOrderMark)) at = skip_space(rest, kByteOrderMark.size());
    searched_ = at;
    if (at == rest.size()) return false;
    at_start_ = false;
    if (in_array_) return find_element(rest, at);
    has_begin_ = true;
    begin_ = at;
    if (rest[at] != '[') return true;
    const std::size_t first = skip_space(rest, at + 1);
    if (first < rest.size()) {
      in_array_ = rest[first] == '{';
      if (in_array_) begin_ = first;
    } else if (!last) {
      has_begin_ = false;
    }
    return has_begin_;
  }

  bool find_element(std::string_view rest, std::size_t at) {
    if (rest[at] == ']') {
      in_array_ = needs_comma_ = false;
      begin_ = end_ = at + 1;
      return true;
    }
    if (needs_comma_ && rest[at] != ',') {
      is_broken_ = true;
      return false;
    }
    if (needs_comma_) {
      needs_comma_ = false;
      at = searched_ = skip_space(rest, at + 1);
      if (at == rest.size()) return false;
    }
    has_begin_ = true;
    begin_ = at;
    return true;
  }

  std::size_t searched_ = 0;  // for the beginning of the next value
  std::size_t begin_ = 0;     // of the value
  std::size_t end_ = 0;
  bool has_begin_ = false;
  bool has_end_ = false;
  bool at_start_ = true;
  bool in_array_ = false;
  bool needs_comma_ = false;
  bool is_broken_ = false;
  JsonValueEnd value_end_;
  JsonDocument document_;
};

}  // namespace

std::unique_ptr<Framer> make_json_framer() {
  return std::make_unique<JsonFramer>();
}

}  // namespace libcache::internal
