#include <libcache/stream.h>

#include <algorithm>

#include "answer/reader.h"
#include "text/json/canonical.h"
#include "text/trim.h"
#include "text/utf8.h"

namespace libcache LIBCACHE_EXPORT {

using namespace internal;

namespace {

std::string as_string(std::string_view text) {
  std::string string;
  append_canonical_string(string, replace_invalid_utf8(text));
  return string;
}

// Line ends in JSON are between its tokens, never in a string.
std::string on_one_line(std::string_view json) {
  std::string line(json);
  std::ranges::replace_if(line, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return line;
}

void append_data(std::string& out, std::string_view data) {
  out += "data: ";
  for (std::size_t i = 0; i < data.size(); ++i) {
    const bool ends_line = data[i] == '\n' || data[i] == '\r';
    if (ends_line && data.substr(i).starts_with("\r\n")) ++i;
    ends_line ? out += "\ndata: " : out += data[i];
  }
  out += '\n';
}

}  // namespace

struct StreamConverter::State {
  const Framing to;
  AnswerReader reader = AnswerReader();
  std::string rest = {};  // what arrived after the chunks that were read
  bool is_empty = true;
  bool is_sse = false;
  std::string out = {};

  void read(bool last) {
    const auto on_event = [this](const AnswerEvent& event) { write(event); };
    rest.erase(0, reader.read(rest, last, on_event, [](std::size_t) {}));
  }

  void write(const AnswerEvent& event) {
    is_sse = is_sse || event.form == EventForm::sse;
    if (event.data.data() == nullptr) return;
    if (to == Framing::sse) return write_sse(event);
    const std::string_view data = trimmed(event.data);
    if (event.is_done || data.empty()) return;
    out += (event.is_json ? on_one_line(data) : as_string(data)) + '\n';
  }

  void write_sse(const AnswerEvent& event) {
    if (!event.name.empty()) out.append("event: ").append(event.name) += '\n';
    append_data(out, event.data);
    out += '\n';
  }
};

StreamConverter::StreamConverter(Framing to) : state_(new State{.to = to}) {}
StreamConverter::StreamConverter(StreamConverter&&) noexcept = default;
StreamConverter& StreamConverter::operator=(StreamConverter&&) noexcept = default;
StreamConverter::~StreamConverter() = default;

std::string StreamConverter::feed(std::string_view chunk) {
  State& state = *state_;
  if (state.to == Framing::raw) return std::string(chunk);
  state.is_empty = state.is_empty && chunk.empty();
  state.rest += chunk;
  state.read(false);
  return std::exchange(state.out, {});
}

std::string StreamConverter::finish() {
  State& state = *state_;
  if (state.to == Framing::raw || state.is_empty) return {};
  state.read(true);
  const auto& decompressed = state.reader.decompressed();
  const std::string_view text = trimmed(decompressed ? decompressed->bytes : state.rest);
  if (!state.reader.has_framing() && !text.empty()) state.write({.data = text});
  if (state.to == Framing::sse && !state.is_sse) state.write_sse({.data = "[DONE]"});
  return std::exchange(state.out, {});
}

}  // namespace libcache LIBCACHE_EXPORT
