#include "entry/decompress.h"

#include <zstd.h>

#include <algorithm>
#include <utility>

namespace libcache::internal {

// A zstd context and the buffer it decodes into.
struct Decompressor {
  static constexpr std::size_t kBufferBytes = 128 << 10;  // one zstd block

  struct FreeContext {
    void operator()(ZSTD_DCtx* freed) const { ZSTD_freeDCtx(freed); }
  };
  std::unique_ptr<ZSTD_DCtx, FreeContext> context{ZSTD_createDCtx()};
  std::unique_ptr<char[]> buffer = std::make_unique_for_overwrite<char[]>(kBufferBytes);
};

namespace {

// Making a context costs more than decoding a short answer, so each thread keeps one for its next reader.
thread_local std::unique_ptr<Decompressor> spare_decompressor;

std::unique_ptr<Decompressor> take_decompressor() {
  auto decompressor = std::exchange(spare_decompressor, nullptr);
  if (!decompressor) decompressor = std::make_unique<Decompressor>();
  ZSTD_DCtx_reset(decompressor->context.get(), ZSTD_reset_session_and_parameters);
  // A frame may require a window of gigabytes; ours never require more than this.
  ZSTD_DCtx_setParameter(decompressor->context.get(), ZSTD_d_windowLogMax, kWindowLog);
  return decompressor;
}

tl::unexpected<Error> damaged() {
  return fail(ErrorCode::corrupt, "entry's compressed data is damaged");
}

// Rejects formats of early zstd versions, which the decoder may still accept, and skippable frames.
bool begins_frame(std::string_view bytes) {
  return bytes.starts_with("\x28\xb5\x2f\xfd");
}

}  // namespace

SectionReader::SectionReader(const Section& section, std::string_view bytes) : section_(section), input_(bytes) {
  if (section.encoding == Encoding::zstd) decompressor_ = take_decompressor();
}

SectionReader::~SectionReader() {
  if (decompressor_) spare_decompressor = std::move(decompressor_);
}

Result<std::string_view> SectionReader::next() {
  if (ended_) return std::string_view();
  if (section_.encoding == Encoding::zstd) return decompress();
  ended_ = true;
  return input_;
}

Result<std::string_view> SectionReader::decompress() {
  if (delivered_ == 0 && !begins_frame(input_)) return damaged();
  ZSTD_outBuffer out{decompressor_->buffer.get(), Decompressor::kBufferBytes, 0};
  ZSTD_inBuffer in{input_.data(), input_.size(), 0};
  std::size_t left = 1;
  while (left != 0 && out.pos == 0) {
    const std::size_t before = in.pos;
    left = ZSTD_decompressStream(decompressor_->context.get(), &out, &in);
    if (ZSTD_isError(left)) return damaged();
    if (left != 0 && out.pos == 0 && in.pos == before) return damaged();
  }
  input_.remove_prefix(in.pos);
  delivered_ += out.pos;
  ended_ = left == 0;
  if (delivered_ > section_.raw || (ended_ && (delivered_ != section_.raw || !input_.empty()))) return damaged();
  return std::string_view(decompressor_->buffer.get(), out.pos);
}

Result<std::string> read_section(const Section& section, std::string_view bytes) {
  // The highest ratio expected for prose and JSON; beyond it, the string grows while it is filled.
  constexpr std::uint64_t kLikelyRatio = 32;
  std::string raw;
  raw.reserve(std::min<std::uint64_t>(section.raw, bytes.size() * kLikelyRatio));
  SectionReader reader(section, bytes);
  while (true) {
    const auto piece = reader.next();
    if (!piece) return fail(piece.error());
    if (piece->empty()) return raw;
    raw += *piece;
  }
}

}  // namespace libcache::internal
