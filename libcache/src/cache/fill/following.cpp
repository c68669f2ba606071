#include "cache/fill/following.h"

#include <algorithm>
#include <utility>

#include "cache/fill/flight_head.h"

namespace libcache::internal {

void Following::take(std::string_view bytes) {
  received_ += bytes.size();
  waiting_ += bytes;
  if (proof_) return;
  auto head = read_flight_head(waiting_);
  if (!head) return;
  proof_ = head->proof;
  metadata_ = std::move(head->metadata);
  waiting_.erase(0, head->size);
}

std::string_view Following::deliver() {
  delivering_.clear();
  if (proof_) std::swap(delivering_, waiting_);
  delivered_ += delivering_.size();
  hash_.write(delivering_);
  return delivering_;
}

Result<std::optional<Chunk>> StoredAnswer::next() {
  for (;;) {
    auto chunk = replay_.next();
    if (!chunk) return chunk;
    if (delivered_ == 0) return chunk;
    const auto other = [] { return fail(ErrorCode::corrupt, "another answer was stored meanwhile"); };
    if (!*chunk) return other();
    const std::size_t known = std::min<std::uint64_t>((*chunk)->bytes.size(), delivered_);
    skipped_.write((*chunk)->bytes.substr(0, known));
    delivered_ -= known;
    if (delivered_ == 0 && skipped_.value() != hash_) return other();
    (*chunk)->bytes.remove_prefix(known);
    if (!(*chunk)->bytes.empty()) return chunk;
  }
}

}  // namespace libcache::internal
