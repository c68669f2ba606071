// Writes that their callers do not wait for: a bounded queue and the one thread that works it off.
#pragma once

#include <libcache/cache.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <thread>

#include "base/guarded.h"

namespace libcache::internal {

struct PendingWrite {
  RequestKey key;
  Answer answer;
  StoreAnswerOptions options;
};

// Thread-safe.
class WriteQueue {
 public:
  struct Limits {
    std::size_t entries;
    std::size_t bytes;
    Milliseconds write_budget;    // for each write
    Milliseconds closing_budget;  // for all that is left at destruction
  };
  using Writer = std::function<void(const PendingWrite&, Deadline)>;

  // `write` runs on the queue's thread, one call at a time.
  WriteQueue(Limits limits, Writer write);
  ~WriteQueue();  // writes what is queued, within closing_budget; the rest is lost

  // False: the queue is full and the write was dropped. Never blocks on a store.
  bool push(PendingWrite write);
  // Waits until all that was pushed before has been worked off. Fails: timeout.
  Status flush(Deadline deadline);

 private:
  struct State {
    std::deque<PendingWrite> waiting;
    std::size_t waiting_bytes = 0;
    std::uint64_t pushed = 0;
    std::uint64_t done = 0;
    std::optional<Deadline> closing;
    std::thread thread;
  };
  void work();

  const Limits limits_;
  const Writer write_;
  Guarded<State> state_;
  std::condition_variable_any changed_;
};

}  // namespace libcache::internal
