#include "cache/fill/delivery.h"

#include <system_error>
#include <utility>

#include "base/thread.h"

namespace libcache::internal {

Delivery::Delivery(Receiver receive) : receive_(std::move(receive)) {
  try {
    thread_ = start_thread([this] { work(); });
  } catch (const std::system_error&) {
    // push() delivers.
  }
}

Delivery::~Delivery() {
  state_.lock()->failed = true;
  join();
}

void Delivery::join() {
  state_.lock()->closed = true;
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Status Delivery::push(std::string_view bytes, std::size_t most) {
  if (!thread_.joinable()) {
    if (!state_.lock()->failed) deliver(bytes);
    return state_.lock()->received;
  }
  auto state = state_.lock();
  if (state->failed) return state->received;
  state->queued += bytes;
  changed_.notify_all();
  changed_.wait(state.lock(), [&] { return state->queued.size() <= most || state->failed; });
  return state->received;
}

Status Delivery::finish() {
  join();
  const auto state = state_.lock();
  if (state->thrown) std::rethrow_exception(std::exchange(state->thrown, nullptr));
  return state->received;
}

void Delivery::work() {
  std::string batch;
  for (;;) {
    {
      auto state = state_.lock();
      changed_.wait(state.lock(), [&] { return !state->queued.empty() || state->closed || state->failed; });
      if (state->failed || state->queued.empty()) return;
      batch.clear();
      std::swap(batch, state->queued);
    }
    changed_.notify_all();
    deliver(batch);
  }
}

void Delivery::deliver(std::string_view bytes) {
  Status received;
  std::exception_ptr thrown;
  try {
    received = receive_(bytes);
  } catch (...) {
    thrown = std::current_exception();
    received = fail(ErrorCode::internal, "the receiver threw an exception");
  }
  if (received) return;
  {
    const auto state = state_.lock();
    state->failed = true;
    state->queued = std::string();
    state->received = std::move(received);
    state->thrown = std::move(thrown);
  }
  changed_.notify_all();
}

}  // namespace libcache::internal
