// A flag that threads can wait for together with other descriptors.
#pragma once

#include <sys/eventfd.h>

#include <atomic>

#include "process/descriptor.h"

namespace llmcache {

// Thread-safe. Once set, it stays set.
class PollableFlag {
 public:
  void set() {
    if (!set_.exchange(true)) ::eventfd_write(changed_.number(), 1);
  }
  bool is_set() const { return set_; }
  // Readable once the flag is set; not to be read.
  int descriptor() const { return changed_.number(); }

 private:
  std::atomic<bool> set_ = false;
  Descriptor changed_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
};

}  // namespace llmcache
