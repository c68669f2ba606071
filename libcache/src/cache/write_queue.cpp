#include "cache/write_queue.h"

#include <utility>

namespace libcache::internal {

namespace {

std::size_t size_of(const PendingWrite& write) {
  return write.key.canonical.size() + write.answer.body.size() + write.answer.recording.bytes.size();
}

}  // namespace

WriteQueue::WriteQueue(Limits limits, Writer write) : limits_(limits), write_(std::move(write)) {}

WriteQueue::~WriteQueue() {
  std::thread thread;
  {
    auto state = state_.lock();
    state->closing = Deadline::after(limits_.closing_budget);
    thread = std::move(state->thread);
  }
  changed_.notify_all();
  if (thread.joinable()) thread.join();
}

bool WriteQueue::push(PendingWrite write) {
  const std::size_t size = size_of(write);
  {
    auto state = state_.lock();
    if (state->waiting.size() >= limits_.entries || state->waiting_bytes + size > limits_.bytes) return false;
    state->waiting.push_back(std::move(write));
    state->waiting_bytes += size;
    ++state->pushed;
    if (!state->thread.joinable()) state->thread = std::thread(&WriteQueue::work, this);
  }
  changed_.notify_all();
  return true;
}

Status WriteQueue::flush(Deadline deadline) {
  auto state = state_.lock();
  const std::uint64_t target = state->pushed;
  while (state->done < target) {
    if (deadline.expired()) return fail(ErrorCode::timeout, "queued writes were not finished in time");
    changed_.wait_until(state.lock(), deadline.time());
  }
  return {};
}

void WriteQueue::work() {
  while (true) {
    PendingWrite write;
    Deadline deadline = Deadline::never();
    {
      auto state = state_.lock();
      changed_.wait(state.lock(), [&] { return state->closing || !state->waiting.empty(); });
      if (state->waiting.empty() || (state->closing && state->closing->expired())) return;
      write = std::move(state->waiting.front());
      state->waiting.pop_front();
      state->waiting_bytes -= size_of(write);
      deadline = state->closing.value_or(Deadline::never()).capped(limits_.write_budget);
    }
    write_(write, deadline);
    ++state_.lock()->done;
    changed_.notify_all();
  }
}

}  // namespace libcache::internal
