#include "answer/received_bytes.h"

#include <zstd.h>

#include <memory>

namespace libcache::internal {

namespace {

constexpr std::size_t kBlockBytes = 8 * 1024;
// A block that arrived faster belongs to an answer that will soon be whole: compressing it would only cost time.
constexpr Milliseconds kSlow{20};
constexpr int kFastLevel = -5;

std::string compress(std::string_view block) {
  thread_local const std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  std::string frame(ZSTD_compressBound(block.size()), '\0');
  const std::size_t size =
      ZSTD_compressCCtx(context.get(), frame.data(), frame.size(), block.data(), block.size(), kFastLevel);
  if (ZSTD_isError(size) != 0) return {};
  frame.resize(size);
  frame.shrink_to_fit();
  return frame;
}

// Appends what `frame`, which compress() has made, holds.
void decompress_to(std::string& out, std::string_view frame) {
  const std::size_t begin = out.size();
  out.resize(begin + ZSTD_getFrameContentSize(frame.data(), frame.size()));
  ZSTD_decompress(out.data() + begin, out.size() - begin, frame.data(), frame.size());
}

}  // namespace

void ReceivedBytes::append(std::string_view bytes, Milliseconds now) {
  if (plain_.empty()) plain_since_ = now;
  plain_ += bytes;
}

void ReceivedBytes::set_read(std::size_t end, Milliseconds now) {
  const std::size_t read = end - compressed_;
  if (read < kBlockBytes) return;
  if (now - plain_since_ < kSlow) return;
  std::string block = compress(std::string_view(plain_).substr(0, read));
  if (block.empty()) return;
  blocks_.push_back(std::move(block));
  compressed_ += read;
  plain_.erase(0, read);
  plain_since_ = now;
}

std::string& ReceivedBytes::whole() {
  if (compressed_ > 0) {
    std::string all;
    all.reserve(size());
    for (const std::string& block : blocks_) decompress_to(all, block);
    all += plain_;
    plain_ = std::move(all);
    blocks_.clear();
    compressed_ = 0;
  }
  return plain_;
}

}  // namespace libcache::internal
