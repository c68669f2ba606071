// Visits all values of a document in document order, with the JSON pointer of each.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "text/json/document.h"

namespace libcache::internal {

// The document must outlive it.
class DocumentWalk {
 public:
  explicit DocumentWalk(const JsonDocument& document) : document_(document) {}

  // The next value, beginning with the root; nullptr after the last.
  const JsonNode* next();
  // Skips the members or elements of the current value.
  void skip_children() { index_ = end_; }
  // The pointer to the current value.
  const std::string& pointer() const { return pointer_; }

 private:
  struct Container {
    std::uint32_t end;
    std::size_t pointer_size;
    std::size_t elements;  // visited so far
  };

  const JsonDocument& document_;
  std::vector<Container> open_;
  std::string pointer_;
  std::uint32_t index_ = 0;
  std::uint32_t end_ = 0;  // of the current value
};

}  // namespace libcache::internal
