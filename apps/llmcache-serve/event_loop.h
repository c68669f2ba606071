// The types of Asio for the one event loop of the server. With the loop's own executor in their types they are faster than
// with any_io_executor, which hides the type.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

namespace llmcache::serve {

using LoopExecutor = boost::asio::io_context::executor_type;

template <class T>
using Awaitable = boost::asio::awaitable<T, LoopExecutor>;
inline constexpr boost::asio::use_awaitable_t<LoopExecutor> use_awaitable;

using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                boost::asio::wait_traits<std::chrono::steady_clock>, LoopExecutor>;

}  // namespace llmcache::serve
