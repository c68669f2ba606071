// Reads an answer's bytes: transport, framing, events.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "answer/framing/framer.h"
#include "answer/transport/compression.h"
#include "answer/transport/http_head.h"

namespace libcache::internal {

// One thread at a time.
class AnswerReader {
 public:
  using ChunkHandler = std::function<void(std::size_t size)>;

  // `content_type`: if it is known otherwise than from the header block of the answer.
  explicit AnswerReader(std::string_view content_type = {}) { head_.content_type = content_type; }

  // Reads the chunks that are whole. `rest` is all that arrived after the chunks read so far. Returns their size in
  // bytes; a text and a compressed answer have none. `last`: the answer ends with `rest`, and all of it is read.
  std::size_t read(std::string_view rest, bool last, const AnswerEventHandler& event, const ChunkHandler& chunk);

  const HttpHead& head() const { return head_; }
  // Whether the answer is in a framing, as far as it is known. False: it is a text.
  bool has_framing() const { return framer_ != nullptr && framer_->fits(); }
  // Whether it begins in a framing but does not go on in it.
  bool left_framing() const { return framer_ != nullptr && !framer_->fits(); }
  // Whether enough has arrived to decide this.
  bool is_decided() const { return is_decided_; }
  // Whether it is a text from its first byte on.
  bool is_text() const { return is_decided_ && framer_ == nullptr && (!is_compressed_ || decompressed_); }
  // Of a compressed answer that was read to its end.
  const std::optional<Decompressed>& decompressed() const { return decompressed_; }

 private:
  bool decide(std::string_view body, bool last);
  bool may_be_event_stream() const;
  std::size_t read_events(std::string_view rest, bool last, const AnswerEventHandler& event, const ChunkHandler& chunk);

  HttpHead head_;
  bool has_head_ = false;  // the header block has been read, or there is none
  bool is_decided_ = false;
  bool is_compressed_ = false;
  std::unique_ptr<Framer> framer_;
  std::optional<Decompressed> decompressed_;
};

}  // namespace libcache::internal
