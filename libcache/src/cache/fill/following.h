// The part of another caller's answer that a follower has received.
#pragma once

#include <libcache/digest.h>
#include <libcache/entry.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/hash.h"

namespace libcache::internal {

class Following {
 public:
  // Takes the next bytes of the flight, which begin with a head (flight_head.h).
  void take(std::string_view bytes);
  // The bytes that have not been delivered yet, valid until the next call. They count as delivered.
  std::string_view deliver();

  std::uint64_t received() const { return received_; }    // of the flight, with its head
  std::uint64_t delivered() const { return delivered_; }  // of the answer
  std::uint64_t hash() const { return hash_.value(); }    // of what was delivered
  const Metadata& metadata() const { return metadata_; }
  // Of the request that the leader answers; nullopt until the head has arrived.
  const std::optional<Digest>& proof() const { return proof_; }

 private:
  std::optional<Digest> proof_;
  Metadata metadata_;
  std::string waiting_;  // not delivered yet; before the head is complete, the head's beginning
  std::string delivering_;
  std::uint64_t received_ = 0;
  std::uint64_t delivered_ = 0;
  RunningHash hash_;
};

// A stored answer, of which a first part may have been delivered already: by a leader that was followed. That part must
// be the same in both.
class StoredAnswer {
 public:
  // The entry must outlive it and must not be moved.
  explicit StoredAnswer(const Entry& entry) : replay_(entry) {}
  StoredAnswer(const Entry& entry, const Following& following)
      : replay_(entry), delivered_(following.delivered()), hash_(following.hash()) {}

  // The next chunk that was not delivered, valid until the next call; nullopt at the end. Fails: corrupt, also if the
  // delivered part belongs to another answer.
  Result<std::optional<Chunk>> next();

 private:
  Replay replay_;
  std::uint64_t delivered_ = 0;  // still to be skipped
  std::uint64_t hash_ = 0;
  RunningHash skipped_;
};

}  // namespace libcache::internal
