// Writes an answer into the cache: in order, on the workers, without keeping the event loop or the clients waiting.
#pragma once

#include <libcache/fill.h>

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

class Recording : public std::enable_shared_from_this<Recording> {
 public:
  Recording(boost::asio::thread_pool& workers, std::unique_ptr<libcache::Fill> fill)
      : strand_(workers.get_executor()), fill_(std::move(fill)) {}

  // Runs `work` with the fill, after all that was written before.
  template <class Work>
  void run(Work work) {
    boost::asio::post(strand_, [self = shared_from_this(), work = std::move(work)]() mutable { work(*self->fill_); });
  }
  // Records the next bytes. If the store has fallen far behind, the answer is no longer recorded.
  void write(std::string_view bytes);

 private:
  void write_waiting();

  boost::asio::strand<boost::asio::thread_pool::executor_type> strand_;
  std::unique_ptr<libcache::Fill> fill_;  // on the strand only
  std::mutex mutex_;
  std::vector<std::string> waiting_;
  std::size_t waiting_bytes_ = 0;
  bool given_up_ = false;
};

}  // namespace llmcache::serve
