// Answers that a pipe recorded with what HTTP put around them: the head that `curl -i` prints, or a compressed body.
#pragma once

#include <string>
#include <string_view>

namespace llmcache::serve {

// Leaves the head out of an answer that comes in pieces.
class RecordedHead {
 public:
  // `beginning`: the first bytes of the answer.
  explicit RecordedHead(std::string_view beginning) : in_head_(beginning.starts_with(kBegin)) {}

  // Whether something of the answer is left out.
  bool exists() const { return in_head_; }
  // What of the next piece belongs to the body. Valid until the next call.
  std::string_view body_of(std::string_view piece);

 private:
  static constexpr std::string_view kBegin = "HTTP/";

  bool in_head_;
  std::string head_;
};

// The content coding of a body (RFC 9110, section 8.4.1), which its first bytes tell; empty if it is not compressed.
std::string_view coding_of(std::string_view body);

}  // namespace llmcache::serve
