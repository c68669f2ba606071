#include "entry/block_reader.h"

#include <algorithm>

namespace libcache::internal {

bool SectionSource::varint(std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64 && more(); shift += 7) {
    const auto byte = static_cast<std::uint8_t>(window_.front());
    window_.remove_prefix(1);
    const std::uint64_t bits = byte & 0x7f;
    if (bits << shift >> shift != bits) return false;
    value |= bits << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

bool SectionSource::take(std::uint64_t size, std::string_view& bytes) {
  if (window_.size() >= size) {
    bytes = cut(size);
    return true;
  }
  assembled_.clear();
  while (assembled_.size() < size) {
    if (!more()) return false;
    assembled_ += cut(std::min<std::uint64_t>(size - assembled_.size(), window_.size()));
  }
  bytes = assembled_;
  return true;
}

bool SectionSource::fill() {
  const auto piece = section_.next();
  if (piece) {
    window_ = *piece;
  } else {
    error_ = piece.error();
  }
  return !window_.empty();
}

std::string_view SectionSource::cut(std::size_t size) {
  const auto front = window_.substr(0, size);
  window_.remove_prefix(size);
  return front;
}

bool BlockReader::read_table() {
  std::uint64_t count = 0;
  if (!source_.varint(count) || count == 0 || count > kBlockChunks) return false;
  rows_.clear();
  row_ = 0;
  for (std::uint64_t index = 0; index < count; ++index) {
    std::uint64_t delta = 0;
    std::uint64_t length = 0;
    if (!source_.varint(delta) || !source_.varint(length)) return false;
    if (delta > static_cast<std::uint64_t>((Milliseconds::max() - latest_).count())) return false;
    latest_ += Milliseconds(delta);
    rows_.push_back({latest_, length});
  }
  return true;
}

bool BlockReader::next(Chunk& chunk) {
  if (damaged_) return false;
  if (row_ == rows_.size()) {
    if (!source_.more()) return false;
    damaged_ = !read_table();
    if (damaged_) return false;
  }
  const Row& row = rows_[row_++];
  chunk.at = row.at;
  damaged_ = !source_.take(row.length, chunk.bytes);
  return !damaged_;
}

Status BlockReader::status() const {
  if (source_.error()) return fail(*source_.error());
  if (damaged_) return fail(ErrorCode::corrupt, "stream's chunk table is damaged");
  return {};
}

}  // namespace libcache::internal
