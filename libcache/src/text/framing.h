// Streams of events: server-sent events (WHATWG HTML, 9.2) and newline-delimited JSON.
#pragma once

#include <libcache/framing.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace libcache::internal {

// How a stream that begins with `text` is cut; nothing while that is too short to tell. Server-sent events begin with a
// comment or a field, newline-delimited JSON with an object.
std::optional<Framing> find_framing(std::string_view text);

// Finds where the chunks of a growing text end: behind the blank line that ends an event, behind a line of NDJSON. What
// stands before an event (comments, blank lines) is part of its chunk; a comment with a blank line of its own is a
// chunk. The chunks do not depend on the pieces in which the text arrives, and no byte is looked at more than twice.
class Framer {
 public:
  explicit Framer(Framing framing) : framing_(framing) {}

  // The end of the next whole chunk of `text`: all that arrived so far, with what was there at the last call in front.
  // Nothing until more arrives: also where only that could tell whether a LF belongs to the CR at the end.
  std::optional<std::size_t> next(std::string_view text);
  // No more will come: a CR at the end stands alone.
  void close() { closed_ = true; }
  // The offset behind the last whole chunk.
  std::size_t end() const { return end_; }

 private:
  std::optional<std::size_t> find_line_end(std::string_view text);
  bool ends_chunk(std::string_view line);

  Framing framing_;
  bool closed_ = false;
  std::size_t end_ = 0;
  std::size_t line_ = 0;  // where the line begins that is being looked at
  std::size_t seen_ = 0;  // up to where it is known to go on
  bool blank_ = true;     // whether the line before was blank, or there was none
};

// What one chunk of a stream says. The views refer to the chunk or to the scratch string of parse_event.
struct StreamEvent {
  std::string_view name;                 // its `event` field; empty where there is none
  std::optional<std::string_view> data;  // its `data` lines, joined with LF; a line of NDJSON. Nothing: there are none
};

// Reads one chunk. Whether its last line has an end makes no difference.
StreamEvent parse_event(Framing framing, std::string_view chunk, std::string& scratch);

// Without a byte-order mark in front and white space around it.
std::string_view trimmed(std::string_view text);

}  // namespace libcache::internal
