#include "answers/transfer.h"

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
constexpr std::size_t kBlockBytes = 16 * 1024;

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
    if (blocks_.empty() || blocks_.back()->size() == kBlockBytes) {
      blocks_.push_back(std::make_shared<std::string>());
      // Readers refer to the bytes of a block: it must never move them.
      blocks_.back()->reserve(kBlockBytes);
    }
    const std::size_t size = std::min(bytes.size(), kBlockBytes - blocks_.back()->size());
    blocks_.back()->append(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  if (bytes_ > kMostKeptBytes) keeps_ = false;
  interrupt_stragglers();
  drop_read_blocks();
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

void Transfer::drop_read_blocks() {
  if (keeps_) return;
  std::uint64_t first_needed = bytes_;
  for (const Reader* reader : readers_) {
    if (!reader->interrupted_) first_needed = std::min(first_needed, reader->bytes_);
  }
  while (first_needed - dropped_ >= kBlockBytes) {
    blocks_.pop_front();
    dropped_ += kBlockBytes;
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
  transfer_->drop_read_blocks();
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
      Piece piece{transfer_->blocks_[at / kBlockBytes], {}};
      piece.bytes = std::string_view(*piece.block).substr(at % kBlockBytes);
      bytes_ += piece.bytes.size();
      transfer_->drop_read_blocks();
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
