#include "answer/transport/compression.h"

#include <zlib.h>
#include <zstd.h>

#include <array>
#include <memory>

namespace libcache::internal {

namespace {

constexpr std::string_view kGzip = "\x1f\x8b\x08";
constexpr std::string_view kZstd = "\x28\xb5\x2f\xfd";
constexpr std::size_t kPiece = 64 << 10;
// Of what follows, such as a number that curl -w prints.
constexpr std::size_t kMostRest = 16;

using End = Decompressed::End;

// Several members may follow each other (RFC 1952, 2.2); bytes after the last one that are not a member are ignored.
Decompressed inflate_gzip(std::string_view bytes) {
  z_stream stream{};
  constexpr int kGzipOnly = 15 + 16;
  if (inflateInit2(&stream, kGzipOnly) != Z_OK) return {.end = End::damaged};
  const std::unique_ptr<z_stream, int (*)(z_stream*)> ends(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  Decompressed result;
  std::array<char, kPiece> piece;
  for (;;) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = kPiece;
    const int status = inflate(&stream, Z_NO_FLUSH);
    result.bytes.append(piece.data(), kPiece - stream.avail_out);
    if (result.bytes.size() > kMostDecompressed) return {.end = End::too_large};
    if (status == Z_STREAM_END) {
      const std::string_view rest(reinterpret_cast<const char*>(stream.next_in), stream.avail_in);
      result.rest = rest.substr(0, kMostRest);
      if (!rest.starts_with(kGzip)) return result;
      inflateReset(&stream);
    } else if (status != Z_OK) {
      result.end = status == Z_BUF_ERROR ? End::cut : End::damaged;
      return result;
    }
  }
}

// A frame without content (RFC 8878, section 3.1.2).
bool begins_skippable_frame(std::string_view bytes) {
  return bytes.size() >= 4 && (bytes[0] & 0xf0) == 0x50 && bytes.substr(1, 3) == "\x2a\x4d\x18";
}

Decompressed decompress_zstd(std::string_view bytes) {
  const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  Decompressed result;
  std::array<char, kPiece> piece;
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  for (std::size_t wanted = 1; wanted != 0 || in.pos < in.size;) {
    const std::string_view rest = bytes.substr(in.pos);
    if (wanted == 0 && !rest.starts_with(kZstd) && !begins_skippable_frame(rest)) {
      result.rest = rest.substr(0, kMostRest);
      return result;
    }
    ZSTD_outBuffer out{piece.data(), piece.size(), 0};
    const std::size_t taken = in.pos;
    wanted = ZSTD_decompressStream(context.get(), &out, &in);
    result.bytes.append(piece.data(), out.pos);
    if (result.bytes.size() > kMostDecompressed) return {.end = End::too_large};
    if (ZSTD_isError(wanted) != 0) result.end = End::damaged;
    if (result.end == End::damaged) return result;
    if (wanted != 0 && out.pos == 0 && in.pos == taken) {
      result.end = End::cut;
      return result;
    }
  }
  return result;
}

}  // namespace

bool is_cut_before_compression(std::string_view bytes) {
  const bool is_gzip = !bytes.empty() && bytes.size() < kGzip.size() && kGzip.starts_with(bytes);
  const bool is_zstd = bytes.size() > 1 && bytes.size() < kZstd.size() && kZstd.starts_with(bytes);
  return is_gzip || is_zstd;
}

bool is_compressed(std::string_view bytes) {
  return bytes.starts_with(kGzip) || bytes.starts_with(kZstd);
}

Decompressed decompress(std::string_view bytes) {
  return bytes.starts_with(kGzip) ? inflate_gzip(bytes) : decompress_zstd(bytes);
}

}  // namespace libcache::internal
