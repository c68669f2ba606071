// Keeps a database within its size: removes what has expired and what is used least, and gives the file system the
// space back. Always a little at a time, on the back of a write that is made anyway.
#pragma once

#include <cstdint>

#include "store/sqlite/database/connection.h"

namespace libcache::internal::sqlite {

// Stands beside the connection that it was made for; one thread at a time.
class Upkeep {
 public:
  explicit Upkeep(const Connection& connection);

  // Does what the upkeep of a put would otherwise do at its first time.
  Outcome<void> prepare();

  // Removes a few of the entries that have expired. In the caller's transaction.
  Outcome<void> sweep(UnixTime now);

  // Removes the least recently used entries, but never `kept`, until the pages in use take no more than `max_size`
  // bytes or many have gone. In the caller's transaction.
  Outcome<void> evict(std::uint64_t max_size, std::int64_t kept);

  // Gives a few free pages back to the file system if they are a good part of the file. After a write.
  Outcome<void> give_back_some();
  // Gives all free pages back, if they are many, and stops at `deadline`. True: there were. After a removal.
  Outcome<bool> give_back_all(Deadline deadline);

 private:
  Outcome<bool> is_within(std::uint64_t max_size);
  // Removes the entries whose ids a query gives; whether there were any.
  Outcome<bool> remove_all(Query found);

  Statement expired_;
  Statement least_used_;
  Statement remove_;
  Statement page_size_;
  Statement page_count_;
  Statement free_count_;
  Statement vacuum_;
};

}  // namespace libcache::internal::sqlite
