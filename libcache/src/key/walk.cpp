#include "key/walk.h"

#include "key/pointer.h"

namespace libcache::internal {

const JsonNode* DocumentWalk::next() {
  if (index_ == document_.nodes().size()) return nullptr;
  while (!open_.empty() && index_ >= open_.back().end) open_.pop_back();
  const JsonNode& node = document_.node(index_);
  if (!open_.empty()) {
    pointer_.resize(open_.back().pointer_size);
    if (node.in_object) {
      append_pointer(pointer_, node.name);
    } else {
      append_pointer(pointer_, open_.back().elements++);
    }
  }
  if (node.count > 0) open_.push_back({node.end, pointer_.size(), 0});
  end_ = node.end;
  ++index_;
  return &node;
}

}  // namespace libcache::internal
