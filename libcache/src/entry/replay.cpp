#include <libcache/entry.h>

#include "entry/block_reader.h"
#include "entry/codec.h"
#include "entry/decompress.h"

namespace libcache LIBCACHE_EXPORT {

using namespace internal;

struct Replay::State {
  // A stream's blocks or a response's body. Neither is set if the entry could not be divided; this is the reason.
  std::optional<BlockReader> blocks = {};
  std::optional<SectionReader> body = {};
  Status status = {};
};

Replay::Replay(const Entry& entry) : state_(std::make_unique<State>()) {
  const auto layout = read_layout(entry.bytes_);
  if (!layout) {
    state_->status = fail(layout.error());
  } else if (entry.kind() == EntryKind::stream) {
    state_->blocks.emplace(layout->header.payload, layout->payload);
  } else {
    state_->body.emplace(layout->header.payload, layout->payload);
  }
}

Replay::Replay(Replay&&) noexcept = default;
Replay& Replay::operator=(Replay&&) noexcept = default;
Replay::~Replay() = default;

Result<std::optional<Chunk>> Replay::next() {
  State& state = *state_;
  Chunk chunk;
  if (state.blocks) {
    if (state.blocks->next(chunk)) return chunk;
    state.status = state.blocks->status();
  } else if (state.body) {
    const auto piece = state.body->next();
    if (piece && !piece->empty()) return Chunk{Milliseconds(0), *piece};
    if (!piece) state.status = fail(piece.error());
  }
  if (!state.status) return fail(state.status.error());
  return std::nullopt;
}

Replay::Iterator Replay::begin() {
  return Iterator(*this);
}

Replay::Iterator& Replay::Iterator::operator++() {
  const bool failed = chunk_ && !*chunk_;
  chunk_.reset();
  if (failed) return *this;
  if (const auto next = replay_->next(); !next) {
    chunk_ = fail(next.error());
  } else if (*next) {
    chunk_ = **next;
  }
  return *this;
}

}  // namespace libcache LIBCACHE_EXPORT
