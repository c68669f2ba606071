// JSON pointers (RFC 6901).
#pragma once

#include <libcache/result.h>

#include <string>
#include <string_view>
#include <vector>

#include "text/json/document.h"

namespace libcache::internal {

// A pointer, parsed. A value.
class JsonPointer {
 public:
  // Fails (invalid) for one that is not empty and does not begin with a slash, has a tilde without 0 or 1 behind it, or
  // is not UTF-8.
  static Result<JsonPointer> parse(std::string_view text);

  // The value it names, or nullptr.
  const JsonNode* find(const JsonDocument& document) const;

 private:
  std::vector<std::string> tokens_;
};

// Appends the pointer to a member or element of the value that `pointer` names.
void append_pointer(std::string& pointer, std::string_view name);
void append_pointer(std::string& pointer, std::size_t index);

}  // namespace libcache::internal
