#include <libcache/stream.h>

#include <optional>
#include <utility>

#include "answer/protocol.h"
#include "text/framing.h"

namespace libcache {

using namespace internal;

struct TextExtractor::State {
  std::string begin;  // of the stream, until its framing is known
  std::optional<Framing> framing;
  const Protocol* protocol = nullptr;
  JsonDocument document;
  std::string open;  // lines that are no JSON text each: the beginning of one that is broken over several
  std::string scratch;

  bool parse(std::string_view data);
  std::string read(std::string_view chunk);
};

// A body that was not streamed may be written over many lines. Its last one begins with the bracket that closes it.
bool TextExtractor::State::parse(std::string_view data) {
  if (open.empty()) {
    if (document.parse(data)) return true;
    if (framing == Framing::ndjson) open = data;
    return false;
  }
  open.append("\n").append(data);
  if (!data.starts_with('}') || !document.parse(open)) return false;
  open.clear();
  return true;
}

std::string TextExtractor::State::read(std::string_view chunk) {
  if (framing == Framing::raw) return std::string(chunk);
  const StreamEvent event = parse_event(*framing, chunk, scratch);
  if (!event.data || !parse(*event.data)) return {};
  const JsonValue value(document);
  if (protocol == nullptr) protocol = find_protocol(value);
  return protocol != nullptr ? protocol->text(value) : std::string();
}

TextExtractor::TextExtractor() : state_(std::make_unique<State>()) {}
TextExtractor::TextExtractor(TextExtractor&&) noexcept = default;
TextExtractor& TextExtractor::operator=(TextExtractor&&) noexcept = default;
TextExtractor::~TextExtractor() = default;

std::string TextExtractor::feed(std::string_view chunk) {
  State& state = *state_;
  if (state.framing) return state.read(chunk);
  state.begin += chunk;
  state.framing = find_framing(state.begin);
  return state.framing ? state.read(std::exchange(state.begin, {})) : std::string();
}

}  // namespace libcache
