#include "text/json/prefix.h"

#include <algorithm>
#include <string>

#include "text/ascii.h"
#include "text/json/escape.h"

namespace libcache::internal {

namespace {

constexpr std::string_view kSpace = " \t\r\n";
constexpr std::string_view kScalarEnd = " \t\r\n,:{}[]\"";

// The position of the next quote that is not escaped; npos if there is none.
std::size_t find_quote(std::string_view text, std::size_t from) {
  for (std::size_t quote = text.find('"', from); quote != std::string_view::npos; quote = text.find('"', quote + 1)) {
    std::size_t backslashes = 0;
    while (backslashes < quote && text[quote - 1 - backslashes] == '\\') ++backslashes;
    if (backslashes % 2 == 0) return quote;
  }
  return std::string_view::npos;
}

// Whether `text`, which is cut, ends inside its first escape.
bool begins_escape(std::string_view text) {
  constexpr std::size_t kLongestEscape = 6;
  if (text.size() < 2) return true;
  return text[1] == 'u' && text.size() < kLongestEscape &&
         text.find_first_not_of("0123456789abcdefABCDEF", 2) == std::string_view::npos;
}

// Whether a parser accepts every escape of a string. The last one may be cut if the string is.
bool has_valid_escapes(std::string_view string, bool is_cut) {
  for (;;) {
    string.remove_prefix(find_escape(string));
    if (string.empty()) return true;
    const Escape escape = read_escape(string);
    if (escape.length == 0) return is_cut && begins_escape(string);
    string.remove_prefix(escape.length);
  }
}

// Whether a token can be the beginning of a number.
bool begins_number(std::string_view token) {
  const auto take_digits = [&token] {
    const std::size_t count = std::min(token.find_first_not_of("0123456789"), token.size());
    token.remove_prefix(count);
    return count;
  };
  const auto take = [&token](std::string_view marks) {
    const bool found = !token.empty() && marks.find(token.front()) != std::string_view::npos;
    if (found) token.remove_prefix(1);
    return found;
  };
  take("-");
  if (token.empty()) return true;
  if (token.front() == '0' && token.size() > 1 && is_digit(token[1])) return false;
  if (take_digits() == 0) return false;
  if (take(".") && take_digits() == 0) return token.empty();
  if (!take("eE")) return token.empty();
  take("+-");
  take_digits();
  return token.empty();
}

// Reads JSON up to the point at which it is cut off. Each state is what the grammar allows next.
class PrefixReader {
 public:
  explicit PrefixReader(std::string_view text) : rest_(text) {}

  bool accepts() {
    while (skip_space()) {
      if (!step(rest_.front())) return false;
    }
    return !open_.empty();
  }

 private:
  enum class Next { value, element_or_end, name, name_or_end, colon, comma_or_end };

  bool step(char mark) {
    switch (next_) {
      case Next::element_or_end:
        return mark == ']' ? close(mark) : take_value(mark);
      case Next::value:
        return take_value(mark);
      case Next::name_or_end:
        return mark == '}' ? close(mark) : take_name(mark);
      case Next::name:
        return take_name(mark);
      case Next::colon:
        return mark == ':' && take_mark(Next::value);
      case Next::comma_or_end:
        if (mark == ',') return !open_.empty() && take_mark(open_.back() == '{' ? Next::name : Next::value);
        return close(mark);
    }
    return false;
  }

  bool take_mark(Next next) {
    rest_.remove_prefix(1);
    next_ = next;
    return true;
  }

  bool take_value(char mark) {
    if (mark != '{' && mark != '[') {
      next_ = Next::comma_or_end;
      return take_scalar();
    }
    open_ += mark;
    return take_mark(mark == '{' ? Next::name_or_end : Next::element_or_end);
  }

  bool take_name(char mark) {
    next_ = Next::colon;
    return mark == '"' && take_string();
  }

  bool skip_space() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(kSpace), rest_.size()));
    return !rest_.empty();
  }

  bool close(char bracket) {
    const char opening = bracket == '}' ? '{' : bracket == ']' ? '[' : '\0';
    if (open_.empty() || open_.back() != opening) return false;
    open_.pop_back();
    return take_mark(Next::comma_or_end);
  }

  // A string may be cut anywhere, also inside an escape.
  bool take_string() {
    const std::size_t end = find_quote(rest_, 1);
    const bool is_valid = has_valid_escapes(rest_.substr(1, end - 1), end == std::string_view::npos);
    rest_.remove_prefix(std::min(end, rest_.size() - 1) + 1);
    return is_valid;
  }

  bool take_scalar() {
    if (rest_.front() == '"') return take_string();
    const std::size_t size = std::min(rest_.find_first_of(kScalarEnd), rest_.size());
    const std::string_view token = rest_.substr(0, size);
    rest_.remove_prefix(size);
    if (token.empty()) return false;
    for (const std::string_view literal : {"true", "false", "null", "NaN", "Infinity", "-Infinity"}) {
      if (token == literal || (rest_.empty() && literal.starts_with(token))) return true;
    }
    return begins_number(token) && (rest_.empty() || is_digit(token.back()));
  }

  std::string_view rest_;
  std::string open_;  // the brackets that are open
  Next next_ = Next::value;
};

}  // namespace

std::optional<std::size_t> JsonValueEnd::find(std::string_view text, bool last) {
  if (text.empty()) return std::nullopt;
  if (text.front() == '{' || text.front() == '[' || text.front() == '"') return find_in_container(text);
  const std::size_t end = text.find_first_of(kScalarEnd, std::max<std::size_t>(seen_, 1));
  seen_ = std::min(end, text.size());
  if (end == std::string_view::npos && !last) return std::nullopt;
  return seen_;
}

std::optional<std::size_t> JsonValueEnd::find_in_container(std::string_view text) {
  while (seen_ < text.size()) {
    if (in_string_) {
      const std::size_t quote = find_quote(text, seen_);
      seen_ = std::min(quote, text.size() - 1) + 1;
      if (quote == std::string_view::npos) return std::nullopt;
      in_string_ = false;
      if (depth_ == 0) return seen_;
      continue;
    }
    const char mark = text[seen_++];
    if (mark == '"') in_string_ = true;
    if (mark == '{' || mark == '[') ++depth_;
    if ((mark == '}' || mark == ']') && --depth_ == 0) return seen_;
  }
  return std::nullopt;
}

bool is_json_cut_short(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  if (!text.starts_with('{') && !text.starts_with('[')) return false;
  return PrefixReader(text).accepts();
}

}  // namespace libcache::internal
