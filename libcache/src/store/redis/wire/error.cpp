#include "store/redis/wire/error.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

namespace libcache::internal::redis {

namespace {

// A retry may help. With every other error reply an operator must act.
constexpr std::array<std::string_view, 8> kTemporary = {"ASK",   "BUSY",       "CLUSTERDOWN", "LOADING",
                                                        "MOVED", "MASTERDOWN", "TRYAGAIN",    "UNBLOCKED"};
constexpr std::string_view kTooManyClients = "ERR max number of clients";
constexpr std::string_view kTooLarge = "ERR Protocol error: invalid bulk length";
constexpr std::size_t kLongestMessage = 200;

}  // namespace

bool has_code(std::string_view text, std::string_view code) {
  return text.starts_with(code) && (text.size() == code.size() || text[code.size()] == ' ');
}

ErrorCode code_of_reply(std::string_view text) {
  if (text.starts_with(kTooManyClients)) return ErrorCode::unavailable;
  if (text.starts_with(kTooLarge)) return ErrorCode::policy;
  const bool temporary = std::ranges::any_of(kTemporary, [&](std::string_view code) { return has_code(text, code); });
  return temporary ? ErrorCode::unavailable : ErrorCode::refused;
}

ErrorCode code_of_errno(int error) {
  switch (error) {
    case EACCES:
    case EPERM:
      return ErrorCode::refused;
    case ETIMEDOUT:
      return ErrorCode::timeout;
    default:
      return ErrorCode::unavailable;
  }
}

std::string printable(std::string_view text) {
  text = text.substr(0, text.find(", with args beginning with"));
  std::string line(text.substr(0, kLongestMessage));
  std::ranges::replace_if(line, [](unsigned char c) { return c < 0x20 || c >= 0x7f; }, '?');
  return line;
}

}  // namespace libcache::internal::redis
