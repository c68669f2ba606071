// Runs what may block on another thread, and goes on with its result on the event loop.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace llmcache::serve {

// Awaits the result of `work`, which must not throw. What it refers to must live until then.
template <class Work>
auto on_workers(boost::asio::thread_pool& workers, Work work) {
  namespace asio = boost::asio;
  using Result = decltype(work());
  auto initiate = [&workers](auto handler, Work job) {
    asio::post(workers, [handler = std::move(handler), job = std::move(job)]() mutable {
      auto loop = asio::get_associated_executor(handler);
      // The loop does not end while it waits for this.
      auto guard = asio::make_work_guard(loop);
      asio::post(loop, [handler = std::move(handler), guard = std::move(guard), result = job()]() mutable {
        handler(std::move(result));
      });
    });
  };
  asio::use_awaitable_t<> token;
  return asio::async_initiate<asio::use_awaitable_t<>, void(Result)>(std::move(initiate), token, std::move(work));
}

}  // namespace llmcache::serve
