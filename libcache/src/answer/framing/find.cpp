#include "answer/framing/aws_frames.h"
#include "answer/framing/framer.h"
#include "text/json/document.h"
#include "text/json/prefix.h"
#include "text/trim.h"

namespace libcache::internal {

namespace {

enum class Match { no, yes, undecided };

// The fields with which server-sent events begin. `data` may occur without a colon, but not before other letters: a
// text about data is not an event.
Match begins_as_sse(std::string_view line, bool may_go_on) {
  for (const std::string_view field : {"data:", "event:", "id:", "retry:", "error:", ":"}) {
    if (line.starts_with(field)) return Match::yes;
  }
  if (line == "data" && !may_go_on) return Match::yes;
  for (const std::string_view field : {"data:", "event:", "retry:", "error:", "id:"}) {
    if (may_go_on && field.starts_with(line)) return Match::undecided;
  }
  return Match::no;
}

// The AI SDK's first protocol names its parts by digits and a few letters. Texts, errors and reasoning are strings, data and
// annotations are arrays, all others are objects; 9:30 is a time of day. `last`: nothing follows. `follows_head`: something
// precedes the line that no text has before it.
Match begins_as_prefixed_line(std::string_view line, bool may_go_on, bool last, bool follows_head) {
  constexpr std::string_view kNames = "0123456789abcdefghijk";
  if (line.empty() || kNames.find(line[0]) == std::string_view::npos) return Match::no;
  if (line.size() == 1) return may_go_on && !last ? Match::undecided : Match::no;
  if (line[1] != ':') return Match::no;
  const std::string_view json = line.substr(2);
  if (json.empty() && last) return may_go_on && follows_head ? Match::yes : Match::no;
  const auto is_one_of = [&](std::string_view names) { return names.find(line[0]) != std::string_view::npos; };
  const char beginning = is_one_of("03g") ? '"' : is_one_of("28") ? '[' : '{';
  if (!json.empty() && json[0] != beginning && json[0] != ' ') return Match::no;
  if (may_go_on && !last) return Match::undecided;
  if (JsonDocument().parse(json, JsonRules::lenient)) return Match::yes;
  const bool is_cut = is_json_cut_short(json) || (json.starts_with('"') && !JsonValueEnd().find(json, true));
  return may_go_on && is_cut ? Match::yes : Match::no;
}

}  // namespace

std::optional<std::unique_ptr<Framer>> find_framer(std::string_view text, bool last, bool may_be_events) {
  const auto is_frame = begins_with_frame(text);
  if (is_frame.value_or(false)) return make_frame_framer();
  if (!is_frame && !last) return std::nullopt;
  if (!is_frame && !text.empty()) return make_frame_framer();  // which was cut inside its first bytes
  if (kByteOrderMark.starts_with(text) && !last) return std::nullopt;
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const std::size_t begin = text.find_first_not_of(" \t\r\n\x1e");
  if (begin == std::string_view::npos) return last ? std::optional(std::unique_ptr<Framer>()) : std::nullopt;
  if (text[begin] == '{' || text[begin] == '[') return make_json_framer();
  const bool is_indented = begin > 0 && text[begin - 1] != '\n' && text[begin - 1] != '\r';
  if (is_indented) return std::unique_ptr<Framer>();
  text.remove_prefix(begin);
  const std::size_t end = text.find_first_of("\r\n");
  const bool may_go_on = end == std::string_view::npos;
  const std::string_view line = text.substr(0, end);
  constexpr std::size_t kMostBlank = 16;  // a text has less white space before it
  const bool may_be_cut = may_be_events || begin >= kMostBlank;
  switch (begins_as_sse(line, may_go_on && (!last || may_be_cut))) {
    case Match::yes:
      return make_sse_framer();
    case Match::undecided:
      return last ? std::optional(make_sse_framer()) : std::nullopt;
    case Match::no:
      break;
  }
  switch (begins_as_prefixed_line(line, may_go_on, last, may_be_cut)) {
    case Match::yes:
      return make_prefixed_line_framer();
    case Match::undecided:
      return std::nullopt;
    case Match::no:
      break;
  }
  return std::unique_ptr<Framer>();
}

}  // namespace libcache::internal
