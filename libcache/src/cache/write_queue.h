// Background writes: a bounded queue and the thread that executes them.
#pragma once

#include <libcache/cache.h>
#include <sys/types.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "base/guarded.h"

namespace libcache::internal {

struct PendingWrite {
  RequestKey key;
  Answer answer;
  StoreAnswerOptions options;
};

// Thread-safe. Belongs to the process that made it: after a fork() the child can destroy it, but neither push nor
// flush.
class WriteQueue {
 public:
  struct Limits {
    std::size_t entries;
    std::size_t bytes;
    Milliseconds write_budget;    // for each write
    Milliseconds closing_budget;  // for the rest of the queue at destruction
  };
  using Writer = std::function<Status(const PendingWrite&, Deadline)>;

  // `write` runs on the queue's thread, one call at a time. It throws nothing.
  WriteQueue(Limits limits, Writer write);
  WriteQueue(const WriteQueue&) = delete;
  WriteQueue& operator=(const WriteQueue&) = delete;
  ~WriteQueue();  // writes the queued answers, within closing_budget; the rest is lost

  // Waits for room until the deadline, but never for the store. If it fails (unavailable: there was no room, or no thread could
  // be started; not_supported, in the child of a fork), the write is lost.
  Status push(PendingWrite write, Deadline deadline);
  // Waits until everything pushed so far has been written or has failed. Fails: timeout; otherwise, if writes were lost
  // since the last flush, with the first error.
  Status flush(Deadline deadline);

 private:
  struct State {
    std::deque<PendingWrite> waiting;
    std::size_t waiting_bytes = 0;
    std::uint64_t pushed = 0;
    std::uint64_t done = 0;
    std::uint64_t lost = 0;  // since the last flush
    std::optional<Error> first_loss;
    std::optional<Deadline> closing;
    std::thread thread;
  };
  // All that the thread uses: a forked child, where locks and condition variables may be in any state, leaves it alone.
  struct Shared {
    Limits limits;
    Writer write;
    Guarded<State> state;
    std::condition_variable_any changed;
  };
  static void work(Shared& shared);
  static void lose(State& state, Error error);
  bool is_forked() const;

  const pid_t owner_;
  std::unique_ptr<Shared> shared_;
};

}  // namespace libcache::internal
