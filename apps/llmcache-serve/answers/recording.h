// Writes an answer into the cache: in order, on the workers, so that neither the event loop nor the clients wait.
#pragma once

#include <libcache/fill.h>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "event_loop.h"

namespace llmcache::serve {

class Recording;

// The recordings that have bytes to write. They are collected for a few milliseconds, because waking a worker costs more than
// writing a chunk. On the event loop only.
class RecordingQueue : public std::enable_shared_from_this<RecordingQueue> {
 public:
  RecordingQueue(boost::asio::io_context& loop, boost::asio::thread_pool& workers) : workers_(workers), timer_(loop) {}

  void add(std::shared_ptr<Recording> recording);
  boost::asio::thread_pool& workers() { return workers_; }

 private:
  boost::asio::thread_pool& workers_;
  Timer timer_;
  std::vector<std::shared_ptr<Recording>> waiting_;
  std::size_t last_count_ = 0;  // how many waited together the last time
};

class Recording : public std::enable_shared_from_this<Recording> {
 public:
  Recording(std::shared_ptr<RecordingQueue> queue, std::unique_ptr<libcache::Fill> fill)
      : queue_(std::move(queue)), strand_(queue_->workers().get_executor()), fill_(std::move(fill)) {}

  // `handler` is called on a worker when what waited has been written, after a write() that returned false. Set it before the
  // first one.
  void on_caught_up(std::function<void()> handler) { on_caught_up_ = std::move(handler); }
  // Runs `work` with the fill, after all that was written before.
  template <class Work>
  void run(Work work) {
    {
      const std::lock_guard lock(mutex_);
      steps_.push_back({{}, std::move(work)});
    }
    boost::asio::post(strand_, [self = shared_from_this()] { self->take_steps(); });
  }
  // Takes the next bytes, on the event loop; a worker writes them. False: too many wait to be written.
  bool write(std::string_view bytes);
  // Called on a worker: writes the waiting bytes, after the work that was posted before.
  void write_in_turn();

 private:
  // Bytes to write, or other work with the fill.
  struct Step {
    std::string bytes;
    std::function<void(libcache::Fill&)> work;
  };
  void take_steps();

  const std::shared_ptr<RecordingQueue> queue_;
  boost::asio::strand<boost::asio::thread_pool::executor_type> strand_;
  std::unique_ptr<libcache::Fill> fill_;  // on the strand only
  std::function<void()> on_caught_up_;
  std::mutex mutex_;
  std::vector<Step> steps_;  // that wait, in order
  std::size_t waiting_bytes_ = 0;
  bool is_behind_ = false;
};

}  // namespace llmcache::serve
