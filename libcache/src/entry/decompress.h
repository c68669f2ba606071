// Reads a section of an entry piece by piece.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "entry/codec.h"

namespace libcache::internal {

struct Decompressor;

// The raw bytes of one section, in memory that does not depend on any size it declares. One thread at a time; the entry
// must outlive it.
class SectionReader {
 public:
  SectionReader(const Section& section, std::string_view bytes);
  SectionReader(const SectionReader&) = delete;
  SectionReader& operator=(const SectionReader&) = delete;
  ~SectionReader();

  // The next piece, at most 128 KiB where the section is compressed; empty at the end. Valid until the next call.
  // Fails (corrupt): also at the end, if the section does not have its declared size.
  Result<std::string_view> next();

 private:
  Result<std::string_view> decompress();

  Section section_;
  std::string_view input_;
  std::uint64_t delivered_ = 0;
  bool ended_ = false;
  std::unique_ptr<Decompressor> decompressor_;
};

// A whole section. Memory grows with what was actually decoded. Fails: corrupt.
Result<std::string> read_section(const Section& section, std::string_view bytes);

}  // namespace libcache::internal
