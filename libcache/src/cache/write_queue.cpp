#include "cache/write_queue.h"

#include <fmt/format.h>
#include <unistd.h>

#include <system_error>
#include <utility>

#include "base/thread.h"

namespace libcache::internal {

namespace {

std::size_t size_of(const PendingWrite& write) {
  return write.key.canonical.size() + write.answer.body.size() + write.answer.recording.bytes.size();
}

Status refuse_in_fork() {
  return fail(ErrorCode::not_supported, "background writes belong to the process that made the cache");
}

}  // namespace

WriteQueue::WriteQueue(Limits limits, Writer write)
    : owner_(::getpid()), shared_(new Shared{limits, std::move(write), Guarded<State>(), {}}) {}

bool WriteQueue::is_forked() const {
  return ::getpid() != owner_;
}

WriteQueue::~WriteQueue() {
  if (is_forked()) {
    (void)shared_.release();  // its thread does not exist in this process, and its locks may never be released
    return;
  }
  std::thread thread;
  {
    auto state = shared_->state.lock();
    state->closing = Deadline::after(shared_->limits.closing_budget);
    thread = std::move(state->thread);
  }
  shared_->changed.notify_all();
  if (thread.joinable()) thread.join();
}

void WriteQueue::lose(State& state, Error error) {
  ++state.lost;
  if (!state.first_loss) state.first_loss = std::move(error);
}

Status WriteQueue::push(PendingWrite write, Deadline deadline) {
  if (is_forked()) return refuse_in_fork();
  const std::size_t size = size_of(write);
  const Limits& limits = shared_->limits;
  {
    auto state = shared_->state.lock();
    const auto has_room = [&] {
      return state->waiting.size() < limits.entries && state->waiting_bytes + size <= limits.bytes;
    };
    const bool can_fit = limits.entries > 0 && size <= limits.bytes;
    while (can_fit && !has_room() && !deadline.expired()) shared_->changed.wait_until(state.lock(), deadline.time());
    if (!has_room()) {
      const Error error{ErrorCode::unavailable, "the queue of background writes is full"};
      lose(*state, error);
      return fail(error);
    }
    if (!state->thread.joinable()) {
      try {
        state->thread = start_thread([shared = shared_.get()] { work(*shared); });
      } catch (const std::system_error&) {
        const Error error{ErrorCode::unavailable, "the thread of background writes cannot be started"};
        lose(*state, error);
        return fail(error);
      }
    }
    state->waiting.push_back(std::move(write));
    state->waiting_bytes += size;
    ++state->pushed;
  }
  shared_->changed.notify_all();
  return {};
}

Status WriteQueue::flush(Deadline deadline) {
  if (is_forked()) return refuse_in_fork();
  auto state = shared_->state.lock();
  const std::uint64_t target = state->pushed;
  while (state->done < target) {
    if (deadline.expired()) return fail(ErrorCode::timeout, "queued writes were not finished in time");
    shared_->changed.wait_until(state.lock(), deadline.time());
  }
  const auto lost = std::exchange(state->lost, 0);
  const auto loss = std::exchange(state->first_loss, std::nullopt);
  if (!loss) return {};
  return fail(loss->code,
              fmt::format("{} queued answer{} not stored: {}", lost, lost == 1 ? " was" : "s were", loss->message));
}

void WriteQueue::work(Shared& shared) {
  while (true) {
    PendingWrite write;
    Deadline deadline = Deadline::never();
    {
      auto state = shared.state.lock();
      shared.changed.wait(state.lock(), [&] { return state->closing || !state->waiting.empty(); });
      if (state->waiting.empty() || (state->closing && state->closing->expired())) return;
      write = std::move(state->waiting.front());
      state->waiting.pop_front();
      state->waiting_bytes -= size_of(write);
      deadline = state->closing.value_or(Deadline::never()).capped(shared.limits.write_budget);
    }
    shared.changed.notify_all();
    Status written = shared.write(write, deadline);
    {
      const auto state = shared.state.lock();
      ++state->done;
      if (!written) lose(*state, std::move(written.error()));
    }
    shared.changed.notify_all();
  }
}

}  // namespace libcache::internal
