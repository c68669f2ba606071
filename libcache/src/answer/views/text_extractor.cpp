#include <libcache/stream.h>

#include <algorithm>
#include <utility>

#include "answer/protocol.h"
#include "answer/reader.h"
#include "answer/views/shown_text.h"

namespace libcache LIBCACHE_EXPORT {

using namespace internal;

struct TextExtractor::State {
  AnswerReader reader;
  std::string rest;  // what arrived after the chunks that were read
  std::string held;  // the chunks that were read, as long as the answer may be a text that begins like JSON or events
  const Protocol* protocol = nullptr;
  ShownText shown;
  std::string out;

  void read(bool last);
  void show(const AnswerEvent& event);
};

void TextExtractor::State::show(const AnswerEvent& event) {
  if (event.is_done) return;
  if (protocol == nullptr) protocol = find_protocol(event);
  if (protocol == nullptr) return;
  Path shown_path = "@nothing";
  std::string last;
  for (const TextRule& rule : protocol->texts) {
    if (rule.path == shown_path) continue;
    std::string text = text_of(event, rule);
    // Together writes each piece in two places.
    if (text.empty() || text == last) continue;
    shown_path = rule.path;
    out += rule.piece == Piece::whole ? shown.add_whole(text) : shown.add(text, protocol->may_be_cumulative);
    last = std::move(text);
  }
}

void TextExtractor::State::read(bool last) {
  std::size_t at = 0;
  const auto on_chunk = [&](std::size_t size) {
    const bool is_head = at == 0 && size == reader.head().size && !reader.is_decided();
    if (protocol == nullptr && !is_head) held += std::string_view(rest).substr(at, size);
    at += size;
  };
  const auto used = reader.read(rest, last, [this](const AnswerEvent& event) { show(unwrapped(event)); }, on_chunk);
  rest.erase(0, used);
  if (protocol != nullptr) held.clear();
  const bool is_text = reader.is_text() || (last && reader.left_framing() && protocol == nullptr);
  if (!is_text) return;
  const auto& decompressed = reader.decompressed();
  out += decompressed ? decompressed->bytes : std::exchange(held, {}) + std::exchange(rest, {});
}

TextExtractor::TextExtractor() : state_(std::make_unique<State>()) {}
TextExtractor::TextExtractor(TextExtractor&&) noexcept = default;
TextExtractor& TextExtractor::operator=(TextExtractor&&) noexcept = default;
TextExtractor::~TextExtractor() = default;

std::string TextExtractor::feed(std::string_view chunk) {
  state_->rest += chunk;
  state_->read(false);
  return std::exchange(state_->out, {});
}

std::string TextExtractor::finish() {
  state_->read(true);
  return std::exchange(state_->out, {});
}

}  // namespace libcache LIBCACHE_EXPORT
