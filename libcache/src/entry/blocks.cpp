#include "entry/blocks.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

namespace libcache {

namespace {

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

// Calls `visit` with each block's table and chunks.
template <class Visit>
void for_each_block(std::span<const Chunk> chunks, const Visit& visit) {
  Milliseconds latest{0};
  std::string table;
  while (!chunks.empty()) {
    const auto block = chunks.first(std::min(chunks.size(), kBlockChunks));
    chunks = chunks.subspan(block.size());
    table.clear();
    append_varint(table, block.size());
    for (const Chunk& chunk : block) {
      const Milliseconds at = std::max(chunk.at, latest);
      append_varint(table, static_cast<std::uint64_t>((at - latest).count()));
      append_varint(table, chunk.bytes.size());
      latest = at;
    }
    visit(table, block);
  }
}

// A section as a source of numbers and byte strings, whatever pieces it comes in. What returns false has failed, for
// the reason that error() keeps: a Result each would cost more than the decoding.
class Source {
 public:
  explicit Source(SectionReader& section) : section_(section) {}

  // False also at the end of the section.
  bool more() { return !window_.empty() || fill(); }

  bool varint(std::uint64_t& value) {
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

  // The next `size` bytes, valid until the next call.
  bool take(std::uint64_t size, std::string_view& bytes) {
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

  // Why the section could not be read; nothing if it could.
  const std::optional<Error>& error() const { return error_; }

 private:
  bool fill() {
    const auto piece = section_.next();
    if (piece) {
      window_ = *piece;
    } else {
      error_ = piece.error();
    }
    return !window_.empty();
  }

  std::string_view cut(std::size_t size) {
    const auto front = window_.substr(0, size);
    window_.remove_prefix(size);
    return front;
  }

  SectionReader& section_;
  std::string_view window_;
  std::string assembled_;
  std::optional<Error> error_;
};

struct Row {
  Milliseconds at;
  std::uint64_t length;
};

// Reads a block's table into `rows`; `latest` is the time of the chunk before, and then of the block's last.
bool read_table(Source& source, std::vector<Row>& rows, Milliseconds& latest) {
  std::uint64_t count = 0;
  if (!source.varint(count) || count == 0 || count > kBlockChunks) return false;
  rows.clear();
  for (std::uint64_t index = 0; index < count; ++index) {
    std::uint64_t delta = 0;
    std::uint64_t length = 0;
    if (!source.varint(delta) || !source.varint(length)) return false;
    if (delta > static_cast<std::uint64_t>((Milliseconds::max() - latest).count())) return false;
    latest += Milliseconds(delta);
    rows.push_back({latest, length});
  }
  return true;
}

}  // namespace

std::uint64_t blocks_size(std::span<const Chunk> chunks) {
  std::uint64_t size = 0;
  for_each_block(chunks, [&](const std::string& table, std::span<const Chunk> block) {
    size += table.size();
    for (const Chunk& chunk : block) size += chunk.bytes.size();
  });
  return size;
}

void write_blocks(std::span<const Chunk> chunks, const Emit& emit) {
  for_each_block(chunks, [&](const std::string& table, std::span<const Chunk> block) {
    emit(table);
    for (const Chunk& chunk : block) emit(chunk.bytes);
  });
}

Status read_blocks(SectionReader& section, const Entry::Sink& sink) {
  Source source(section);
  const auto damaged = [&source]() -> tl::unexpected<Error> {
    if (source.error()) return tl::make_unexpected(*source.error());
    return fail(ErrorCode::corrupt, "stream's chunk table is damaged");
  };
  std::vector<Row> rows;
  Milliseconds latest{0};
  while (source.more()) {
    if (!read_table(source, rows, latest)) return damaged();
    for (const Row& row : rows) {
      std::string_view bytes;
      if (!source.take(row.length, bytes)) return damaged();
      if (auto status = sink(Chunk{row.at, bytes}); !status) return status;
    }
  }
  if (source.error()) return damaged();
  return {};
}

}  // namespace libcache
