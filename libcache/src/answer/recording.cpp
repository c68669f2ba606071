#include <libcache/stream.h>

namespace libcache LIBCACHE_EXPORT {

std::vector<Chunk> Recording::chunks() const {
  std::vector<Chunk> chunks;
  chunks.reserve(marks.size());
  std::size_t begin = 0;
  Milliseconds last = total;
  for (const Mark& mark : marks) {
    const std::size_t end = std::clamp(mark.end, begin, bytes.size());
    last = mark.at;
    if (end > begin) chunks.push_back({mark.at, std::string_view(bytes).substr(begin, end - begin)});
    begin = end;
  }
  if (begin < bytes.size()) chunks.push_back({last, std::string_view(bytes).substr(begin)});
  return chunks;
}

}  // namespace libcache LIBCACHE_EXPORT
