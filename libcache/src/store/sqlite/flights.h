// Flights among the processes of one machine: a locked file each, in a directory beside the database.
//
// The kernel keeps the lock, so a leader that dies by whatever means frees it in that moment; there is nothing to renew
// and no time to agree on. The pieces are the file's content. Rows in the database would do, but each would wait for
// whoever writes entries just then, go through the log, and need a clock to tell the dead.
#pragma once

#include <libcache/flight.h>

#include <filesystem>
#include <string_view>
#include <utility>

namespace libcache::internal::sqlite {

// Thread-safe. The directory is made when it is needed, with mode 0700, and kept: to remove it costs a leader more than
// its whole flight where the file system tells the disk of every block that becomes free.
class FileFlights {
 public:
  explicit FileFlights(std::filesystem::path directory) : directory_(std::move(directory)) {}

  // Either a lease or a tail; `value_present` is left to the caller. Fails: refused, timeout.
  Result<Flight> join(std::string_view name, Deadline deadline) const;

 private:
  std::filesystem::path directory_;
};

}  // namespace libcache::internal::sqlite
