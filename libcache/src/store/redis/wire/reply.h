// Replies, parsed by hiredis into values of ours within limits that hiredis does not have.
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

// One reply of RESP2, the protocol that every server speaks until asked for another.
struct Reply {
  enum class Type { nil, string, status, error, integer, array };
  Type type = Type::nil;
  std::int64_t integer = 0;
  std::string text;  // of a string, status or error
  std::vector<Reply> elements;

  bool is_error() const { return type == Type::error; }
  // Whether it is an error that begins with this code, such as "MOVED".
  bool is_error(std::string_view code) const;
  bool is_nil() const { return type == Type::nil; }
};

// What a reply may ask of us. A server that goes beyond is broken or hostile.
struct ReplyLimits {
  std::size_t bytes = 512ULL << 20;  // all strings of one reply together
  std::size_t elements = 1 << 20;    // of all arrays of one reply together
  unsigned depth = 8;                // arrays within arrays
};

// Takes bytes in any pieces and gives whole replies. One thread at a time.
class ReplyParser {
 public:
  explicit ReplyParser(ReplyLimits limits = {});
  ReplyParser(ReplyParser&&) noexcept;
  ReplyParser& operator=(ReplyParser&&) noexcept;
  ~ReplyParser();

  void feed(std::string_view bytes);
  // The next whole reply, or nothing yet. Fails (refused) for what is not RESP2 or breaks a limit, a declared size
  // included before its bytes have come; the parser is then spent.
  Result<std::optional<Reply>> next();
  // Whether nothing is left of what was fed.
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
