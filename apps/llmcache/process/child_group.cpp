#include "process/child_group.h"

extern "C" {  // missing in the header of glibc 2.36
#include <sys/pidfd.h>
}

namespace llmcache {

void ChildGroup::pass_on(ArrivedSignal signal) {
  const std::scoped_lock lock(mutex_);
  signal_ = signal;
  signalled_.set();
  if (signal.from_terminal) return;
  for (const int child : children_) ::pidfd_send_signal(child, signal.number, nullptr, 0);
}

ChildGroup::Member::Member(ChildGroup& group, int child) : group_(group), child_(child) {
  const std::scoped_lock lock(group_.mutex_);
  group_.children_.insert(child_);
  if (group_.signal_) ::pidfd_send_signal(child_, group_.signal_->number, nullptr, 0);
}

ChildGroup::Member::~Member() {
  const std::scoped_lock lock(group_.mutex_);
  group_.children_.erase(child_);
}

}  // namespace llmcache
