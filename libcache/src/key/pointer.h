// JSON pointers (RFC 6901).
#pragma once

#include <libcache/result.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/json/document.h"

namespace libcache::internal {

// A parsed pointer, with one extension: a token * selects every element of an array. A value.
class JsonPointer {
 public:
  // Fails (invalid) for text that is not UTF-8, that is not empty and does not begin with a slash, or that has a tilde
  // without 0 or 1 after it.
  static Result<JsonPointer> parse(std::string_view text);

  // The nodes that it points to, by index, in document order.
  std::vector<std::uint32_t> find(const JsonDocument& document) const;

 private:
  std::vector<std::string> tokens_;
};

// Extends the pointer to a value to point to one of its members or elements.
void append_pointer(std::string& pointer, std::string_view name);
void append_pointer(std::string& pointer, std::size_t index);

}  // namespace libcache::internal
