// Replies: parsed by hiredis, within limits that hiredis does not have.
#pragma once

#include <libcache/result.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct redisReader;

namespace libcache::internal::redis {

// One reply in RESP2, the protocol that servers use unless a client asks for another.
struct Reply {
  enum class Type { nil, string, status, error, integer, array };
  Type type = Type::nil;
  std::int64_t integer = 0;
  std::string text;  // for a string, status or error
  std::vector<Reply> elements;

  bool is_error() const { return type == Type::error; }
  // Whether it is an error reply that begins with `code`, such as "MOVED".
  bool is_error(std::string_view code) const;
  bool is_nil() const { return type == Type::nil; }
};

// The largest reply that is accepted. A server that sends more is broken or hostile.
struct ReplyLimits {
  std::size_t bytes = 512ULL << 20;  // all strings of one reply together
  std::size_t elements = 1 << 20;    // of all arrays of one reply together
  unsigned depth = 8;                // arrays within arrays
};

// Takes bytes in pieces of any size and returns whole replies. For one thread at a time.
class ReplyParser {
 public:
  explicit ReplyParser(ReplyLimits limits = {});
  ReplyParser(ReplyParser&&) noexcept;
  ReplyParser& operator=(ReplyParser&&) noexcept;
  ~ReplyParser();

  void feed(std::string_view bytes);
  // The next reply, or nothing while it is incomplete. Fails (refused) for bytes that are not RESP2 and for a reply
  // beyond the limits; a declared size is checked before its bytes arrive. After a failure the parser is unusable.
  Result<std::optional<Reply>> next();
  // Whether all bytes that were fed have been consumed.
  bool is_empty() const;

 private:
  struct State;
  struct FreeReader {
    void operator()(redisReader* reader) const;
  };
  void make_reader();
  std::unique_ptr<State> state_;
  std::unique_ptr<redisReader, FreeReader> reader_;
};

}  // namespace libcache::internal::redis
