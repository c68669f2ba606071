#include "answers/transfer.h"

#include <zstd.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>

#include "event_loop.h"

namespace llmcache::serve {

namespace asio = boost::asio;

namespace {

// How far the source may be ahead of the fastest reader.
constexpr std::uint64_t kWindowBytes = 256 * 1024;
// How much of an answer is kept for clients that join later, and how far a slow reader may fall behind a faster one.
constexpr std::uint64_t kMostKeptBytes = 8 * 1024 * 1024;
constexpr std::size_t kBlockBytes = 8 * 1024;
// An answer that fills its blocks faster will soon be whole: compressing it would only cost time.
constexpr std::chrono::milliseconds kSlow{20};
constexpr int kFastLevel = -5;

// Empty if it cannot be compressed.
std::string compress(const std::string& block) {
  static const std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  std::string frame(ZSTD_compressBound(block.size()), '\0');
  const std::size_t size =
      ZSTD_compressCCtx(context.get(), frame.data(), frame.size(), block.data(), block.size(), kFastLevel);
  if (ZSTD_isError(size) != 0) return {};
  frame.resize(size);
  frame.shrink_to_fit();
  return frame;
}

std::string decompress(const std::string& frame) {
  std::string block(kBlockBytes, '\0');
  ZSTD_decompress(block.data(), block.size(), frame.data(), frame.size());
  return block;
}

}  // namespace

Transfer::Transfer(const LoopExecutor& executor, bool keeps)
    : changed_(executor, Timer::time_point::max()), keeps_(keeps) {}

void Transfer::begin(AnswerHead head) {
  head_ = std::move(head);
  notify();
}

void Transfer::add(std::string_view bytes) {
  if (bytes.empty() || end_) return;
  bytes_ += bytes.size();
  while (!bytes.empty()) {
    if (blocks_.empty() || blocks_.back().bytes->size() == kBlockBytes) add_block();
    std::string& last = *blocks_.back().bytes;
    const std::size_t size = std::min(bytes.size(), kBlockBytes - last.size());
    last.append(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  if (bytes_ > kMostKeptBytes) keeps_ = false;
  interrupt_stragglers();
  put_read_blocks_away();
  control_flow();
  notify();
}

void Transfer::end(AnswerEnd end, std::string message) {
  if (end_) return;
  end_ = end;
  message_ = std::move(message);
  source_ = {};
  notify();
}

void Transfer::withdraw_from_followers() {
  for (Reader* reader : readers_) reader->withdrawn_ = reader->follows_;
  notify();
}

Awaitable<void> Transfer::wait() {
  boost::system::error_code woken;
  co_await changed_.async_wait(asio::redirect_error(use_awaitable, woken));
}

void Transfer::notify() {
  changed_.cancel();
}

void Transfer::add_block() {
  const auto now = Clock::now();
  if (!blocks_.empty()) blocks_.back().is_slow = now - blocks_.back().begun >= kSlow;
  blocks_.push_back({.bytes = std::make_shared<std::string>(), .compressed = {}, .begun = now, .is_slow = false});
  // Readers refer to the bytes of a block: it must never move them.
  blocks_.back().bytes->reserve(kBlockBytes);
}

std::shared_ptr<const std::string> Transfer::bytes_of(std::size_t block) const {
  const Block& wanted = blocks_[block];
  return wanted.bytes ? wanted.bytes : std::make_shared<const std::string>(decompress(wanted.compressed));
}

// Drops the blocks that all readers have read or, if they are kept, compresses them.
void Transfer::put_read_blocks_away() {
  std::uint64_t first_needed = bytes_;
  for (const Reader* reader : readers_) {
    if (!reader->interrupted_) first_needed = std::min(first_needed, reader->bytes_);
  }
  while (!keeps_ && first_needed - dropped_ >= kBlockBytes) {
    blocks_.pop_front();
    dropped_ += kBlockBytes;
  }
  if (!keeps_) return;
  // Not the last block, which may still be filled.
  while (put_away_ + 1 < blocks_.size() && first_needed - dropped_ >= (put_away_ + 1) * kBlockBytes) {
    Block& block = blocks_[put_away_++];
    if (!block.is_slow) continue;
    block.compressed = compress(*block.bytes);
    if (!block.compressed.empty()) block.bytes.reset();
  }
}

void Transfer::interrupt_stragglers() {
  if (keeps_ || readers_.size() < 2) return;
  for (Reader* reader : readers_) {
    if (bytes_ - reader->bytes_ > kMostKeptBytes) reader->interrupted_ = true;
  }
}

void Transfer::control_flow() {
  std::uint64_t fastest = readers_.empty() ? bytes_ : 0;
  for (const Reader* reader : readers_) fastest = std::max(fastest, reader->bytes_);
  const bool is_far_ahead = bytes_ - fastest > kWindowBytes;
  if (is_far_ahead == paused_) return;
  paused_ = is_far_ahead;
  const auto act = paused_ ? source_.pause : source_.resume;
  if (act) act();
}

Transfer::Reader::Reader(std::shared_ptr<Transfer> transfer, bool follows)
    : transfer_(std::move(transfer)), bytes_(transfer_->dropped_), follows_(follows) {
  transfer_->readers_.push_back(this);
  transfer_->was_read_ = true;
}

Transfer::Reader::~Reader() {
  std::erase(transfer_->readers_, this);
  transfer_->put_read_blocks_away();
  transfer_->control_flow();
  // Copied, because the call may destroy the source.
  const auto abandoned = transfer_->source_.abandoned;
  if (transfer_->readers_.empty() && !transfer_->end_ && abandoned) abandoned();
}

void Transfer::Reader::interrupt() {
  interrupted_ = true;
  transfer_->notify();
}

Awaitable<const AnswerHead*> Transfer::Reader::head() {
  while (!transfer_->head_ && !end() && !interrupted_) co_await transfer_->wait();
  co_return transfer_->head_ && !withdrawn_ && !interrupted_ ? &*transfer_->head_ : nullptr;
}

Awaitable<std::optional<Transfer::Piece>> Transfer::Reader::next() {
  while (!interrupted_) {
    if (bytes_ < transfer_->bytes_) {
      const std::uint64_t at = bytes_ - transfer_->dropped_;
      Piece piece{transfer_->bytes_of(at / kBlockBytes), {}};
      piece.bytes = std::string_view(*piece.block).substr(at % kBlockBytes);
      bytes_ += piece.bytes.size();
      transfer_->put_read_blocks_away();
      transfer_->control_flow();
      co_return piece;
    }
    if (transfer_->end_) break;
    co_await transfer_->wait();
  }
  co_return std::nullopt;
}

std::string_view to_string(AnswerEnd end) {
  switch (end) {
    case AnswerEnd::complete:
      return "complete";
    case AnswerEnd::broken:
      return "broken";
    case AnswerEnd::unreachable:
      return "unreachable";
    case AnswerEnd::timed_out:
      return "timeout";
    case AnswerEnd::withdrawn:
      return "withdrawn";
  }
  return "unknown";
}

}  // namespace llmcache::serve
