#include <libcache/framing.h>

#include <algorithm>

#include "answer/framing/framer.h"
#include "text/trim.h"

namespace libcache LIBCACHE_EXPORT {

using namespace internal;

std::optional<std::string> data_of(std::string_view chunk) {
  std::optional<std::string> line;
  const auto take = [&line](const AnswerEvent& event) {
    if (event.data.data() != nullptr) line = event.data;
  };
  if (trimmed(chunk).starts_with('{')) {
    line = trimmed(chunk);
  } else {
    make_sse_framer()->read(chunk, take);
  }
  if (line) std::replace(line->begin(), line->end(), '\n', ' ');
  return line;
}

}  // namespace libcache LIBCACHE_EXPORT
