// Writes an answer into the cache: in order, on the workers, without keeping the event loop or the clients waiting.
#pragma once

#include <libcache/fill.h>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llmcache::serve {

class Recording;

// The recordings that have bytes to write. A worker takes all of them at once: with many streams, to wake one for each chunk
// would cost more than to write it.
class RecordingQueue : public std::enable_shared_from_this<RecordingQueue> {
 public:
  explicit RecordingQueue(boost::asio::thread_pool& workers) : workers_(workers) {}

  void add(std::shared_ptr<Recording> recording);
  boost::asio::thread_pool& workers() { return workers_; }

 private:
  void write_all();

  boost::asio::thread_pool& workers_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Recording>> waiting_;
};

class Recording : public std::enable_shared_from_this<Recording> {
 public:
  Recording(std::shared_ptr<RecordingQueue> queue, std::unique_ptr<libcache::Fill> fill)
      : queue_(std::move(queue)), strand_(queue_->workers().get_executor()), fill_(std::move(fill)) {}

  // Runs `work` with the fill, after all that was written before.
  template <class Work>
  void run(Work work) {
    boost::asio::post(strand_, [self = shared_from_this(), work = std::move(work)]() mutable {
      self->write_waiting();
      work(*self->fill_);
    });
  }
  // Records the next bytes soon. If the store has fallen far behind, the answer is no longer recorded.
  void write(std::string_view bytes);
  // On a worker: writes the bytes that wait, now or after what is going on.
  void write_in_turn();

 private:
  void write_waiting();

  const std::shared_ptr<RecordingQueue> queue_;
  boost::asio::strand<boost::asio::thread_pool::executor_type> strand_;
  std::unique_ptr<libcache::Fill> fill_;  // on the strand only
  std::mutex mutex_;
  std::vector<std::string> waiting_;
  std::size_t waiting_bytes_ = 0;
  bool given_up_ = false;
};

}  // namespace llmcache::serve
