// Delivers bytes to a receiver on a separate thread, so that a slow receiver does not delay the writer.
#pragma once

#include <libcache/fill.h>

#include <condition_variable>
#include <exception>
#include <string>
#include <string_view>
#include <thread>

#include "base/guarded.h"

namespace libcache::internal {

// One thread pushes. If no thread can be started, bytes are delivered by push() itself.
class Delivery {
 public:
  explicit Delivery(Receiver receive);
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;
  ~Delivery();  // waits for a running call of the receiver, and delivers nothing more

  // Queues bytes. Waits only while more than `most` bytes are queued. Returns the receiver's error once it has failed;
  // from then on nothing is delivered.
  Status push(std::string_view bytes, std::size_t most);
  // Waits until everything has been delivered. Returns the receiver's error; throws what the receiver threw.
  Status finish();

 private:
  struct State {
    std::string queued;
    bool closed = false;  // nothing more will be queued
    bool failed = false;  // nothing more is delivered
    Status received;
    std::exception_ptr thrown;
  };
  void work();
  // Calls the receiver; what it returns or throws goes into the state.
  void deliver(std::string_view bytes);
  void join();

  const Receiver receive_;
  Guarded<State> state_;
  std::condition_variable_any changed_;
  std::thread thread_;
};

}  // namespace libcache::internal
