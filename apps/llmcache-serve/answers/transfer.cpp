#include "answers/transfer.h"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace llmcache::serve {

namespace asio = boost::asio;

namespace {

// How far the source may be ahead of the fastest reader.
constexpr std::uint64_t kWindowBytes = 256 * 1024;
// How far a reader may be behind a source that others keep going, once pieces are no longer kept anyway.
constexpr std::uint64_t kMostBehindBytes = 4 * 1024 * 1024;

}  // namespace

Transfer::Transfer(asio::any_io_executor executor, bool keeps)
    : changed_(std::move(executor), asio::steady_timer::time_point::max()), keeps_(keeps) {}

void Transfer::begin(AnswerHead head) {
  head_ = std::move(head);
  notify();
}

void Transfer::add(std::string piece) {
  if (piece.empty() || end_) return;
  bytes_ += piece.size();
  pieces_.push_back(std::make_shared<const std::string>(std::move(piece)));
  interrupt_stragglers();
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

asio::awaitable<void> Transfer::wait() {
  boost::system::error_code woken;
  co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

void Transfer::notify() {
  changed_.cancel();
}

void Transfer::drop_read_pieces() {
  if (keeps_) return;
  std::size_t first_needed = dropped_ + pieces_.size();
  for (const Reader* reader : readers_) first_needed = std::min(first_needed, reader->next_);
  while (dropped_ < first_needed) {
    pieces_.pop_front();
    ++dropped_;
  }
}

void Transfer::interrupt_stragglers() {
  if (keeps_ || readers_.size() < 2) return;
  for (Reader* reader : readers_) {
    if (bytes_ - reader->bytes_ > kMostBehindBytes) reader->interrupted_ = true;
  }
}

void Transfer::control_flow() {
  if (readers_.empty()) return;
  const auto fastest = std::ranges::max(readers_, {}, &Reader::bytes_)->bytes_;
  const bool is_far_ahead = bytes_ - fastest > kWindowBytes;
  if (is_far_ahead == paused_) return;
  paused_ = is_far_ahead;
  const auto act = paused_ ? source_.pause : source_.resume;
  if (act) act();
}

Transfer::Reader::Reader(std::shared_ptr<Transfer> transfer, bool follows)
    : transfer_(std::move(transfer)), next_(transfer_->dropped_), follows_(follows) {
  transfer_->readers_.push_back(this);
  transfer_->was_read_ = true;
}

Transfer::Reader::~Reader() {
  std::erase(transfer_->readers_, this);
  transfer_->drop_read_pieces();
  transfer_->control_flow();
  // A copy: the call may destroy the source.
  const auto abandoned = transfer_->source_.abandoned;
  if (transfer_->readers_.empty() && !transfer_->end_ && abandoned) abandoned();
}

void Transfer::Reader::interrupt() {
  interrupted_ = true;
  transfer_->notify();
}

asio::awaitable<const AnswerHead*> Transfer::Reader::head() {
  while (!transfer_->head_ && !end() && !interrupted_) co_await transfer_->wait();
  co_return transfer_->head_ && !withdrawn_ && !interrupted_ ? &*transfer_->head_ : nullptr;
}

asio::awaitable<std::shared_ptr<const std::string>> Transfer::Reader::next() {
  while (!interrupted_) {
    if (next_ < transfer_->dropped_ + transfer_->pieces_.size()) {
      auto piece = transfer_->pieces_[next_++ - transfer_->dropped_];
      bytes_ += piece->size();
      transfer_->drop_read_pieces();
      transfer_->control_flow();
      co_return piece;
    }
    if (transfer_->end_) break;
    co_await transfer_->wait();
  }
  co_return nullptr;
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
