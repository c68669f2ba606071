#include "text/framing.h"

#include <algorithm>

#include "text/utf8.h"

namespace libcache {

namespace {

constexpr std::string_view kFields[] = {"data:", "event:", "id:", "retry:", ":"};

bool ends_line(char character) {
  return character == '\n' || character == '\r';
}

// Takes the first line off `text`, which is not empty; its end is LF, CR or both.
std::string_view take_line(std::string_view& text) {
  const auto end = static_cast<std::size_t>(std::find_if(text.begin(), text.end(), ends_line) - text.begin());
  const std::string_view line = text.substr(0, end);
  const bool both = text.substr(end).starts_with("\r\n");
  text.remove_prefix(std::min(text.size(), end + (both ? 2 : 1)));
  return line;
}

std::string_view without_mark(std::string_view text) {
  return text.starts_with(kByteOrderMark) ? text.substr(kByteOrderMark.size()) : text;
}

// The value of a field that is called `name`; nothing in any other line.
std::optional<std::string_view> field(std::string_view line, std::string_view name) {
  if (!line.starts_with(name)) return std::nullopt;
  line.remove_prefix(name.size());
  if (line.empty()) return line;
  if (line.front() != ':') return std::nullopt;
  line.remove_prefix(line.starts_with(": ") ? 2 : 1);
  return line;
}

Event parse_sse(std::string_view chunk, std::string& scratch) {
  Event event;
  std::string_view rest = without_mark(chunk);
  bool joined = false;
  while (!rest.empty()) {
    const std::string_view line = take_line(rest);
    if (const auto name = field(line, "event")) event.name = *name;
    const auto data = field(line, "data");
    if (!data) continue;
    if (event.data && !joined) {
      scratch = *event.data;
      joined = true;
    }
    if (joined) scratch.append("\n").append(*data);
    event.data = joined ? std::string_view(scratch) : *data;
  }
  return event;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::optional<Framing> find_framing(std::string_view text) {
  if (kByteOrderMark.starts_with(text)) return std::nullopt;
  text = without_mark(text);
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return std::nullopt;
  if (text[begin] == '{') return Framing::ndjson;
  if (begin > 0 && !ends_line(text[begin - 1])) return Framing::raw;  // a field's name begins its line
  text.remove_prefix(begin);
  bool open = false;
  for (const std::string_view name : kFields) {
    if (text.starts_with(name)) return Framing::sse;
    open = open || name.starts_with(text);
  }
  return open ? std::nullopt : std::optional(Framing::raw);
}

// Where the line ends that is being looked at, its LF or CR counted; nothing if it may go on.
std::optional<std::size_t> Framer::line_end(std::string_view text) {
  const bool sse = framing_ == Framing::sse;
  const auto stop = [sse](char character) { return character == '\n' || (sse && character == '\r'); };
  seen_ = static_cast<std::size_t>(std::find_if(text.begin() + seen_, text.end(), stop) - text.begin());
  if (seen_ == text.size()) return std::nullopt;
  if (text[seen_] == '\n') return seen_ + 1;
  if (seen_ + 1 == text.size()) return std::nullopt;
  return seen_ + (text[seen_ + 1] == '\n' ? 2 : 1);
}

std::optional<std::size_t> Framer::next(std::string_view text) {
  if (framing_ == Framing::raw) return std::nullopt;
  if (line_ == 0 && text.starts_with(kByteOrderMark)) {
    line_ = kByteOrderMark.size();
    seen_ = std::max(seen_, line_);
  }
  while (const auto behind = line_end(text)) {
    const bool blank =
        trimmed(text.substr(line_, seen_ - line_)).empty() && (framing_ == Framing::ndjson || seen_ == line_);
    line_ = seen_ = *behind;
    const bool ends = framing_ == Framing::ndjson ? !blank : blank && !blank_;
    blank_ = blank_ && blank;
    if (!ends) continue;
    blank_ = true;
    end_ = *behind;
    return end_;
  }
  return std::nullopt;
}

Event parse_event(Framing framing, std::string_view chunk, std::string& scratch) {
  if (framing == Framing::sse) return parse_sse(chunk, scratch);
  const std::string_view line = trimmed(framing == Framing::ndjson ? without_mark(chunk) : chunk);
  return {{}, line.empty() ? std::nullopt : std::optional(line)};
}

std::optional<std::string> data_of(std::string_view chunk) {
  std::string scratch;
  const Framing framing = trimmed(chunk).starts_with('{') ? Framing::ndjson : Framing::sse;
  const Event event = parse_event(framing, chunk, scratch);
  if (!event.data) return std::nullopt;
  std::string line(*event.data);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

}  // namespace libcache
