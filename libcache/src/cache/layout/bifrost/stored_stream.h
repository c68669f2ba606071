// A stream as the plugin stores it: one value for each chunk, under {key}_chunk_{index}.
#pragma once

#include <libcache/cache.h>
#include <libcache/store.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "answer/judge.h"
#include "cache/layout/bifrost/answer.h"
#include "cache/layout/bifrost/chunks.h"

namespace libcache::internal::bifrost {

// The entry for values that the plugin wrote.
Result<Entry> open_entry(EntryDraft& draft, const About& about);

// Fails as the store does.
class StoredStream {
 public:
  // `stem`: the names of the chunks without their indexes. The store must outlive this.
  StoredStream(Store& store, std::string_view stem, Deadline deadline)
      : store_(store), stem_(stem), deadline_(deadline) {}

  Result<Lookup> get(UnixTime now) const;
  // Writes the last chunk last: until then no reader finds a whole stream. Returns false if only a new stream may be written
  // and there are chunks already.
  Result<bool> put(std::span<const NamedValue> chunks, const PutOptions& options) const;
  // Changes when the chunks expire. Returns false if there are none.
  Result<bool> touch(std::optional<UnixTime> expires) const;
  // Removes the chunks; how many there were.
  Result<std::uint64_t> remove() const;

 private:
  struct Read {
    std::vector<StoredChunk> chunks;
    Verdict verdict;
  };
  std::vector<std::string> names(std::size_t first, std::size_t count) const;
  Result<Read> read(UnixTime now) const;
  Result<bool> exists() const;

  Store& store_;
  const std::string stem_;
  const Deadline deadline_;
};

}  // namespace libcache::internal::bifrost
