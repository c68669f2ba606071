#include <libcache/stream.h>

namespace libcache LIBCACHE_EXPORT {

std::vector<Chunk> Recording::chunks() const {
  std::vector<Chunk> chunks;
  chunks.reserve(marks.size());
  std::size_t begin = 0;
  for (const Mark& mark : marks) {
    chunks.push_back({mark.at, std::string_view(bytes).substr(begin, mark.end - begin)});
    begin = mark.end;
  }
  return chunks;
}

}  // namespace libcache LIBCACHE_EXPORT
