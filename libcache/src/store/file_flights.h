// Flights between the processes of one machine: each is a locked file in a private directory.
//
// The kernel keeps the lock, so a leader that dies in any way releases it at once; there is nothing to renew and no
// clock to agree on. The pieces are the content of the file. Rows in a database would also work, but each would wait
// for other writers, go through the log, and need timestamps to detect dead leaders.
#pragma once

#include <libcache/flight.h>

#include <filesystem>
#include <string_view>
#include <utility>

namespace libcache::internal {

// Thread-safe. The directory is created when it is needed, with mode 0700, and kept: removing it would cost a leader
// more than its whole flight on file systems that report every freed block to the disk.
class FileFlights {
 public:
  explicit FileFlights(std::filesystem::path directory) : directory_(std::move(directory)) {}

  // Either a lease or a tail; `value_present` is left to the caller. Fails: refused, timeout.
  Result<Flight> join(std::string_view name, Deadline deadline) const;

 private:
  std::filesystem::path directory_;
};

}  // namespace libcache::internal
