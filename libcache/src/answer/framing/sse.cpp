// Server-sent events (WHATWG HTML, 9.2), and the broken forms of them that exist in practice.
#include <algorithm>
#include <string>
#include <utility>

#include "answer/framing/framer.h"
#include "text/json/document.h"
#include "text/json/prefix.h"
#include "text/trim.h"
#include "text/utf8.h"

namespace libcache::internal {

namespace {

constexpr std::string_view kDone = "[DONE]";
constexpr std::string_view kFields[] = {"data:", "event:", "id:", "retry:"};

// The value of the field in this line, if it is the one called `name`.
std::optional<std::string_view> field(std::string_view line, std::string_view name) {
  if (!line.starts_with(name)) return std::nullopt;
  line.remove_prefix(name.size());
  if (line.empty()) return line;
  if (line.front() != ':') return std::nullopt;
  line.remove_prefix(line.starts_with(": ") ? 2 : 1);
  return line;
}

// Servers that fail in mid-stream send this field in place of data: error: {"code":500}
std::optional<std::string_view> error_field(std::string_view line) {
  const auto value = line.starts_with("error:") ? field(line, "error") : std::nullopt;
  if (!value) return std::nullopt;
  const std::string_view json = trimmed(*value);
  const bool is_object =
      json.starts_with('{') && (JsonDocument().parse(json, JsonRules::lenient) || is_json_cut_short(json));
  return is_object ? value : std::nullopt;
}

bool is_done(std::string_view data) {
  return data == kDone || data == "\"[DONE]\"";
}

// Whether data is an event by itself, so that no other line can belong to it.
bool is_whole_json(std::string_view data) {
  data = trimmed(data);
  if (is_done(data)) return true;
  return (data.starts_with('{') || data.starts_with('[')) && JsonValueEnd().find(data, true) == data.size();
}

// Lines that end in LF, CR or both. Each byte is searched for line ends once.
class Lines {
 public:
  struct Line {
    std::string_view text;
    std::size_t end;  // after the line end
  };
  // The line at begin(); nullopt while it may continue.
  std::optional<Line> next(std::string_view rest, bool last) {
    find(rest, '\n', lf_);
    find(rest, '\r', cr_);
    const std::size_t stop = std::min(lf_, cr_);
    if (stop == rest.size()) return std::nullopt;
    const bool may_go_on = rest[stop] == '\r' && stop + 1 == rest.size();
    if (may_go_on && !last) return std::nullopt;
    const std::size_t end = stop + (rest.substr(stop).starts_with("\r\n") ? 2 : 1);
    return Line{rest.substr(begin_, stop - begin_), end};
  }
  std::size_t begin() const { return begin_; }
  void advance(std::size_t end) { begin_ = end; }
  // Continues at `place`, which is before the lines that were read last.
  void go_back(std::string_view rest, std::size_t place) {
    const auto read_again = rest.substr(place, begin_ - place);
    for (const auto& [mark, at] : {std::pair('\n', &lf_), std::pair('\r', &cr_)}) {
      if (const auto found = read_again.find(mark); found != read_again.npos) *at = place + found;
    }
    begin_ = place;
  }
  // The first bytes are gone.
  void drop(std::size_t size) {
    for (std::size_t* const at : {&begin_, &lf_, &cr_}) *at -= std::min(*at, size);
  }

 private:
  // Moves `at` to the next mark at or after it.
  void find(std::string_view rest, char mark, std::size_t& at) const {
    at = std::max(at, begin_);
    if (at < rest.size() && rest[at] != mark) at = std::min(rest.find(mark, at), rest.size());
  }

  std::size_t begin_ = 0;
  std::size_t lf_ = 0;
  std::size_t cr_ = 0;
};

// A chunk ends after the blank line that ends an event. What precedes an event (comments, blank lines) is part of its
// chunk; a comment that has a blank line of its own is a chunk. If events are separated by single newlines, a chunk
// ends before the second line of data.
class SseFramer final : public Framer {
 public:
  std::optional<std::size_t> next(std::string_view rest, bool last) override {
    if (at_start_ && rest.starts_with(kByteOrderMark)) lines_.advance(kByteOrderMark.size());
    while (const auto line = lines_.next(rest, last)) {
      at_start_ = false;
      lines_.advance(line->end);
      if (line->text.empty()) {
        if (has_lines_) return cut(line->end);
      } else if (begins_next_event(rest, *line)) {
        return cut_after_data(rest);
      }
    }
    const Lines::Line unended{rest.substr(lines_.begin()), rest.size()};
    if (last && !unended.text.empty() && begins_next_event(rest, unended)) return cut_after_data(rest);
    return std::nullopt;
  }

  void read(std::string_view chunk, const AnswerEventHandler& handle) override {
    AnswerEvent event = parse(chunk);
    if (event.data.data() == nullptr && event.name.empty()) return;
    const bool begins_as_json = event.data.starts_with('{') || event.data.starts_with('[');
    event.is_whole = event.is_json || !begins_as_json || !is_json_cut_short(event.data);
    handle(event);
  }

  void read_rest(std::string_view rest, const AnswerEventHandler& handle) override {
    if (rest.starts_with(kByteOrderMark)) rest.remove_prefix(kByteOrderMark.size());
    // The end of the last line may have arrived, but not yet the blank line or the data after it.
    std::string_view last_line = rest.substr(0, rest.find_last_not_of("\r\n") + 1);
    last_line.remove_prefix(std::min(last_line.find_last_of("\r\n") + 1, last_line.size()));
    if (!last_line.empty()) note(last_line);
    AnswerEvent event = parse(rest);
    const bool begins_field = begins_any_field(last_line);
    if (event.data.data() == nullptr && !has_field(rest) && !begins_field) return;
    const bool goes_on = begins_field && !field(last_line, "data") && !error_field(last_line);
    event.is_whole = (event.is_json || event.is_done) && !goes_on;
    handle(event);
  }

  bool fits() const override { return has_data_ || !has_other_; }

 private:
  std::size_t cut(std::size_t size) {
    lines_.drop(size);
    has_lines_ = false;
    data_ = {};
    return size;
  }

  std::size_t cut_after_data(std::string_view rest) {
    const std::size_t size = data_.line_end;
    lines_.go_back(rest, size);
    return cut(size);
  }

  // Takes a line. True: it is the data of another event, although no blank line came after the data before it.
  bool begins_next_event(std::string_view rest, const Lines::Line& line) {
    has_lines_ = true;
    note(line.text);
    auto data = field(line.text, "data");
    if (!data) data = error_field(line.text);
    if (!data) return false;
    if (data_.size > 0 && is_whole_json(rest.substr(data_.begin, data_.size))) return true;
    data_ = {static_cast<std::size_t>(data->data() - rest.data()), data->size(), line.end};
    return false;
  }

  // Remembers what kinds of lines there are.
  void note(std::string_view line) {
    if (has_data_) return;
    if (field(line, "data") || error_field(line)) {
      has_data_ = true;
    } else if (!line.starts_with(':') && !begins_any_field(line)) {
      has_other_ = true;
    }
  }

  // Whether a line belongs to an event, or may do so when more of it arrives.
  static bool begins_any_field(std::string_view line) {
    if (line.empty()) return false;
    for (const std::string_view name : kFields) {
      if (line.starts_with(name) || name.starts_with(line)) return true;
    }
    const std::string_view error = "error:";
    return error.starts_with(line) || error_field(line) || line == "error: ";
  }

  // Calls `visit` with each line, with the last one even if it does not end.
  template <class Visit>
  static void each_line(std::string_view text, Visit visit) {
    Lines lines;
    while (lines.begin() < text.size()) {
      const auto found = lines.next(text, true);
      visit(found ? found->text : text.substr(lines.begin()));
      lines.advance(found ? found->end : text.size());
    }
  }

  // Whether an event has begun. Comments belong to none.
  static bool has_field(std::string_view text) {
    bool has = false;
    each_line(text, [&has](std::string_view line) {
      for (const std::string_view name : kFields) has = has || line.starts_with(name);
    });
    return has;
  }

  AnswerEvent parse(std::string_view chunk) {
    AnswerEvent event{.form = EventForm::sse};
    if (chunk.starts_with(kByteOrderMark)) chunk.remove_prefix(kByteOrderMark.size());
    std::size_t count = 0;
    each_line(chunk, [&](std::string_view line) {
      if (const auto name = field(line, "event")) event.name = trimmed(*name);
      auto data = field(line, "data");
      if (!data && (data = error_field(line))) event.name = "error";
      if (!data) return;
      if (++count == 2) joined_ = event.data;
      if (count > 1) joined_.append("\n").append(*data);
      event.data = count > 1 ? std::string_view(joined_) : *data;
    });
    read_json(event);
    return event;
  }

  void read_json(AnswerEvent& event) {
    const std::string_view data = trimmed(event.data);
    event.is_done = is_done(data);
    const bool may_be_json = data.starts_with('{') || data.starts_with('[') || data.starts_with('"') || data == "null";
    if (event.is_done || !may_be_json || !document_.parse(data, JsonRules::lenient)) return;
    event.json = JsonValue(document_);
    event.is_json = true;
  }

  struct DataLine {
    std::size_t begin = 0;
    std::size_t size = 0;
    std::size_t line_end = 0;
  };
  Lines lines_;
  bool at_start_ = true;
  bool has_lines_ = false;  // in the chunk that is being cut
  DataLine data_;           // the last one in it
  bool has_data_ = false;
  bool has_other_ = false;  // a line that does not belong to an event, before any data
  JsonDocument document_;
  std::string joined_;
};

}  // namespace

std::unique_ptr<Framer> make_sse_framer() {
  return std::make_unique<SseFramer>();
}

}  // namespace libcache::internal
