// An answer on its way from one source to any number of clients. A client that is slow or goes away affects no other.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "event_loop.h"
#include "http/headers.h"

namespace llmcache::serve {

struct AnswerHead {
  int status = 200;
  Headers fields;
  std::string reason = {};      // the reason phrase of the upstream, if it sent one
  std::string not_stored = {};  // why the answer will not be stored, where its head says so
  bool from_upstream = false;   // not from another process that asked the upstream
};

// How an answer ended.
enum class AnswerEnd {
  complete,
  broken,       // it broke off after its head
  unreachable,  // the upstream could not be reached
  timed_out,    // the upstream did not answer in time
  withdrawn,    // it cannot be shared: followers that have received nothing ask the upstream themselves
};

// Everything happens on the event loop.
class Transfer : public std::enable_shared_from_this<Transfer> {
 public:
  // Bytes of an answer, which stay where they are as long as this exists.
  struct Piece {
    std::shared_ptr<const std::string> block;
    std::string_view bytes;
  };

  // One client's position in the answer.
  class Reader {
   public:
    // `follows`: the answer was requested for another client of this process.
    Reader(std::shared_ptr<Transfer> transfer, bool follows);
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader();

    // Waits for the head. Nothing: the answer ended without one, or the wait was interrupted.
    Awaitable<const AnswerHead*> head();
    // Waits for the next bytes. Nothing: the answer has ended, or the wait was interrupted.
    Awaitable<std::optional<Piece>> next();
    // Ends the current wait and all later ones: the client has gone.
    void interrupt();
    bool interrupted() const { return interrupted_; }
    bool follows() const { return follows_; }
    // How the answer ended for this reader; nothing while it continues.
    std::optional<AnswerEnd> end() const { return withdrawn_ ? AnswerEnd::withdrawn : transfer_->end_; }
    const std::string& message() const { return transfer_->message_; }

   private:
    friend class Transfer;
    std::shared_ptr<Transfer> transfer_;
    std::uint64_t bytes_;  // read so far, counted from the answer's beginning
    bool follows_;
    bool withdrawn_ = false;
    bool interrupted_ = false;
  };

  // Callbacks to the source of an answer.
  struct Source {
    std::function<void()> pause = [] {};      // the fastest reader is too far behind
    std::function<void()> resume = [] {};     // it has caught up, or has gone
    std::function<void()> abandoned = [] {};  // the last reader has gone before the end
  };

  // `keeps`: keeps bytes that all readers have read, for clients that join later, up to a limit. Those of a slow answer are
  // compressed, because thousands may be in progress at a time.
  Transfer(const LoopExecutor& executor, bool keeps);

  void set_source(Source source) { source_ = std::move(source); }
  void begin(AnswerHead head);
  void add(std::string_view bytes);
  void end(AnswerEnd end, std::string message = {});
  // The answer is only for the client that requested it: followers get none of it.
  void withdraw_from_followers();

  // Whether a new reader would get the answer from its beginning.
  bool is_whole() const { return dropped_ == 0; }
  bool has_head() const { return head_.has_value(); }
  bool has_ended() const { return end_.has_value(); }
  std::size_t readers() const { return readers_.size(); }
  bool was_read() const { return was_read_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Block {
    std::shared_ptr<std::string> bytes;  // null if they are compressed
    std::string compressed;
    Clock::time_point begun;
    bool is_slow;  // took long to be filled
  };

  Awaitable<void> wait();
  void notify();
  void add_block();
  std::shared_ptr<const std::string> bytes_of(std::size_t block) const;
  void put_read_blocks_away();
  void interrupt_stragglers();
  void control_flow();

  Timer changed_;  // never expires; cancelled to wake those who wait
  bool keeps_;
  Source source_;
  std::optional<AnswerHead> head_;
  // All of one size, and full except the last.
  std::deque<Block> blocks_;
  std::size_t put_away_ = 0;   // blocks at the beginning that need not be looked at again
  std::uint64_t dropped_ = 0;  // bytes before the first block
  std::uint64_t bytes_ = 0;    // of the answer so far
  std::optional<AnswerEnd> end_;
  std::string message_;
  std::vector<Reader*> readers_;
  bool paused_ = false;
  bool was_read_ = false;
};

std::string_view to_string(AnswerEnd end);

}  // namespace llmcache::serve
