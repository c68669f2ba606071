#include "answer/reader.h"

#include <utility>

namespace libcache::internal {

std::size_t AnswerReader::read(std::string_view rest, bool last, const AnswerEventHandler& event,
                               const ChunkHandler& chunk) {
  std::size_t used = 0;
  if (!has_head_) {
    auto head = read_http_head(rest, last);
    if (!head) return 0;
    if (head->content_type.empty()) head->content_type = std::move(head_.content_type);
    head_ = *std::move(head);
    has_head_ = true;
    used = head_.size;
    if (used > 0) chunk(used);
  }
  const std::string_view body = rest.substr(used);
  if (!is_decided_ && !decide(body, last)) return used;
  if (is_compressed_ && last) {
    decompressed_ = decompress(body);
    const std::string& text = decompressed_->bytes;
    const bool is_whole = decompressed_->end == Decompressed::End::whole;
    if (auto framer = find_framer(text, is_whole, may_be_event_stream())) framer_ = *std::move(framer);
    if (framer_) read_events(text, is_whole, event, [](std::size_t) {});
    return used;
  }
  return framer_ ? used + read_events(body, last, event, chunk) : used;
}

// A header block that says neither type nor length leaves it open: servers that send events know no length.
bool AnswerReader::may_be_event_stream() const {
  const bool says_nothing = head_.size > 0 && head_.content_type.empty() && !head_.content_length;
  return says_nothing || head_.content_type.starts_with("text/event-stream");
}

bool AnswerReader::decide(std::string_view body, bool last) {
  constexpr std::size_t kLongestMagic = 4;
  if (body.size() < kLongestMagic && !last) return false;
  is_compressed_ = is_compressed(body);
  if (!is_compressed_) {
    auto framer = find_framer(body, last, may_be_event_stream());
    if (!framer) return false;
    framer_ = *std::move(framer);
  }
  is_decided_ = true;
  return true;
}

std::size_t AnswerReader::read_events(std::string_view rest, bool last, const AnswerEventHandler& event,
                                      const ChunkHandler& chunk) {
  std::size_t used = 0;
  while (const auto size = framer_->next(rest.substr(used), last)) {
    framer_->read(rest.substr(used, *size), event);
    used += *size;
    chunk(*size);
  }
  if (last) framer_->read_rest(rest.substr(used), event);
  return used;
}

}  // namespace libcache::internal
