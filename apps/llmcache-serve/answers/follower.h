// Takes an answer from the process that leads it.
#pragma once

#include <libcache/fill.h>

#include <boost/asio/thread_pool.hpp>
#include <memory>

#include "answers/transfer.h"
#include "event_loop.h"

namespace llmcache::serve {

// Adds to `transfer` what another process shares through `fill`, and ends it. The waiting is done on `workers`. Returns the
// fill if this process has become the leader; the transfer then goes on. Otherwise nothing: the answer has ended, or all
// readers have gone.
Awaitable<std::unique_ptr<libcache::Fill>> follow_leader(boost::asio::thread_pool& workers,
                                                         std::unique_ptr<libcache::Fill> fill,
                                                         std::shared_ptr<Transfer> transfer);

}  // namespace llmcache::serve
