// Keeps a database within its size: removes entries that have expired or are least recently used, and returns the space
// to the file system. Always a little at a time, together with a write that is made anyway.
#pragma once

#include <libcache/time.h>

#include <cstdint>
#include <vector>

#include "store/sqlite/database/connection.h"

namespace libcache::internal::sqlite {

// Belongs to the connection that it was made for. One thread at a time.
class Upkeep {
 public:
  explicit Upkeep(const Connection& connection);

  // Prepares the statements that the upkeep of the first put would otherwise prepare.
  Outcome<void> prepare();

  // Removes a few of the entries that have expired. In the caller's transaction.
  Outcome<void> sweep(UnixTime now);

  // Whether the pages in use take at most `max_size` bytes.
  Outcome<bool> is_within(std::uint64_t max_size);
  // Removes no more entries than it takes to get within `max_size`, up to some hundreds: those dated in the future by
  // another machine's clock first, then the least recently used, but never `kept`. Returns whether there were any. In
  // the caller's transaction.
  Outcome<bool> evict(std::uint64_t max_size, std::int64_t kept, UnixTime now);

  // Returns a few free pages to the file system if they are a large part of the file. Call it after a write.
  Outcome<void> give_back_some();
  // Returns all free pages, if they are many, and stops at `deadline`. True: there were. After a removal.
  Outcome<bool> give_back_all(Deadline deadline);

 private:
  struct Entry {
    std::int64_t id;
    std::int64_t size;
  };
  // By how many bytes the pages in use exceed `max_size`; 0 or less: they do not.
  Outcome<std::int64_t> excess_over(std::uint64_t max_size);
  // The entries that a query returns, up to one batch.
  static Outcome<std::vector<Entry>> read_all(Query found);

  Statement expired_;
  Statement future_;
  Statement least_used_;
  Statement remove_;
  Statement page_size_;
  Statement page_count_;
  Statement free_count_;
  Statement vacuum_;
};

}  // namespace libcache::internal::sqlite
