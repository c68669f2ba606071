// Runs blocking work on another thread, and continues with its result on the event loop.
#pragma once

#include <atomic>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "answers/deadlines.h"
#include "event_loop.h"

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
  auto token = use_awaitable;
  return asio::async_initiate<decltype(token), void(Result)>(std::move(initiate), token, std::move(work));
}

// The same, but not for longer than `until`: nothing then, and a result that comes later is dropped on the worker. `work`
// owns what it refers to.
template <class Work>
auto within(boost::asio::io_context& loop, Deadlines& deadlines, Deadlines::TimePoint until,
            boost::asio::thread_pool& workers, Work work) -> Awaitable<std::optional<decltype(work())>> {
  namespace asio = boost::asio;
  struct Wait {
    explicit Wait(asio::io_context& context) : ended(context, Deadlines::TimePoint::max()) {}
    std::atomic<bool> given_up = false;
    std::optional<decltype(work())> result;  // on the event loop only
    Timer ended;                             // never expires; cancelled to end the wait
  };
  const auto wait = std::make_shared<Wait>(loop);
  const Deadlines::Deadline deadline(deadlines, until, wait->ended);
  asio::post(workers, [&loop, &workers, wait, work = std::move(work), guard = asio::make_work_guard(loop)]() mutable {
    if (wait->given_up) return;
    auto result = work();
    if (wait->given_up) return;
    asio::post(loop, [&workers, wait = std::move(wait), result = std::move(result)]() mutable {
      if (wait->given_up) return asio::post(workers, [late = std::move(result)] {});
      wait->result = std::move(result);
      wait->ended.cancel();
    });
  });
  boost::system::error_code woken;
  co_await wait->ended.async_wait(asio::redirect_error(use_awaitable, woken));
  wait->given_up = !wait->result;
  co_return std::move(wait->result);
}

}  // namespace llmcache::serve
