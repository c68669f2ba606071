// The HTTP header block that may precede an answer, as `curl -i` prints it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace libcache::internal {

// Of several blocks (after 1xx, redirects or CONNECT) the last one.
struct HttpHead {
  std::size_t size = 0;  // bytes of all blocks; 0: the answer does not begin with one
  int status = 0;
  std::string content_type = {};
  std::optional<std::uint64_t> content_length = {};
  bool is_encoded = false;  // it has a content-encoding
  bool is_cut = false;      // the answer ends inside it
};

// Nothing while more must arrive to tell. `last`: nothing follows `text`.
std::optional<HttpHead> read_http_head(std::string_view text, bool last);

}  // namespace libcache::internal
