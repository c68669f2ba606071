// Reads the chunks of a stream from the blocks of an entry's payload.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "entry/decompress.h"

namespace libcache::internal {

// A section as a source of numbers and byte strings, independent of the pieces in which it is read. A function that
// returns false has failed; error() has the reason. Returning a Result would cost more than the decoding.
class SectionSource {
 public:
  SectionSource(const Section& section, std::string_view bytes) : section_(section, bytes) {}

  // False also at the end of the section.
  bool more() { return !window_.empty() || fill(); }
  bool varint(std::uint64_t& value);
  // The next `size` bytes, valid until the next call.
  bool take(std::uint64_t size, std::string_view& bytes);
  // Why the section could not be read; nothing if it could.
  const std::optional<Error>& error() const { return error_; }

 private:
  bool fill();
  std::string_view cut(std::size_t size);

  SectionReader section_;
  std::string_view window_;
  std::string assembled_;
  std::optional<Error> error_;
};

// One thread at a time; the entry's bytes must outlive it.
class BlockReader {
 public:
  BlockReader(const Section& section, std::string_view bytes) : source_(section, bytes) {}

  // Decodes the next chunk, valid until the next call. Memory: one chunk. False: there are no more, or status() failed.
  bool next(Chunk& chunk);
  // Fails: corrupt.
  Status status() const;

 private:
  struct Row {
    Milliseconds at;
    std::uint64_t length;
  };
  bool read_table();

  SectionSource source_;
  std::vector<Row> rows_;  // the table of the block that is being read
  std::size_t row_ = 0;
  Milliseconds latest_{0};
  bool damaged_ = false;
};

}  // namespace libcache::internal
