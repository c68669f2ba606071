// A walk over all values of a document, in document order, that knows each one's JSON pointer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "text/json/document.h"

namespace libcache::internal {

// Refers to the document.
class DocumentWalk {
 public:
  explicit DocumentWalk(const JsonDocument& document) : document_(document) {}

  // The next value, the root first; nullptr behind the last.
  const JsonNode* next();
  // Leaves out what the current value holds.
  void skip_children() { index_ = end_; }
  // To the current value.
  const std::string& pointer() const { return pointer_; }

 private:
  struct Container {
    std::uint32_t end;
    std::size_t pointer_size;
    std::size_t elements;  // passed so far
  };

  const JsonDocument& document_;
  std::vector<Container> open_;
  std::string pointer_;
  std::uint32_t index_ = 0;
  std::uint32_t end_ = 0;  // of the current value
};

}  // namespace libcache::internal
