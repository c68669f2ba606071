#include <libcache/stream.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "text/framing.h"
#include "text/json/document.h"

namespace libcache {

using namespace internal;

namespace {

constexpr std::string_view kDone = "[DONE]";

std::string as_string(std::string_view text) {
  using Json = nlohmann::json;
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Line ends in JSON stand between its tokens, never in a string.
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
  // Of the stream that comes in; raw is an answer without events. Nothing until its first chunk.
  std::optional<Framing> from = {};
  std::string body = {};  // of an answer without events
  JsonDocument document = {};
  std::string scratch = {};

  // A body on several lines begins like NDJSON, but its first line is not JSON by itself.
  Framing framing_of(std::string_view first_chunk) {
    const Framing framing = find_framing(first_chunk).value_or(Framing::raw);
    const bool is_body = framing == Framing::ndjson && !document.parse(first_chunk);
    return is_body ? Framing::raw : framing;
  }

  std::string write(const StreamEvent& event) {
    if (!event.data) return {};
    return to == Framing::sse ? write_sse(event) : write_line(trimmed(*event.data));
  }

  static std::string write_sse(const StreamEvent& event) {
    std::string out;
    if (!event.name.empty()) out.append("event: ").append(event.name) += '\n';
    append_data(out, *event.data);
    return out += '\n';
  }

  std::string write_line(std::string_view data) {
    if (data == kDone || data.empty()) return {};
    return (document.parse(data) ? on_one_line(data) : as_string(data)) + '\n';
  }
};

StreamConverter::StreamConverter(Framing to) : state_(new State{.to = to}) {}
StreamConverter::StreamConverter(StreamConverter&&) noexcept = default;
StreamConverter& StreamConverter::operator=(StreamConverter&&) noexcept = default;
StreamConverter::~StreamConverter() = default;

std::string StreamConverter::feed(std::string_view chunk) {
  State& state = *state_;
  if (state.to == Framing::raw) return std::string(chunk);
  if (!state.from) state.from = state.framing_of(chunk);
  if (*state.from != Framing::raw) return state.write(parse_event(*state.from, chunk, state.scratch));
  state.body += chunk;
  return {};
}

std::string StreamConverter::finish() {
  State& state = *state_;
  if (state.to == Framing::raw || !state.from) return {};
  std::string out;
  if (const auto body = trimmed(state.body); !body.empty()) out = state.write({.name = {}, .data = body});
  if (state.to == Framing::sse && *state.from != Framing::sse) out += state.write_sse({.name = {}, .data = kDone});
  return out;
}

}  // namespace libcache
