#include "key/base64.h"

namespace libcache::internal {

std::optional<std::string> normal_base64(std::string_view text) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string normal(text);
  std::erase_if(normal, [](char character) { return character == '\r' || character == '\n'; });
  if (normal.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = normal.ends_with("==") ? 2 : normal.ends_with('=') ? 1 : 0;
  const std::size_t digits = normal.size() - padding;
  if (std::string_view(normal).substr(0, digits).find_first_not_of(kAlphabet) != std::string_view::npos) {
    return std::nullopt;
  }
  if (padding > 0) {
    // With one = the last digit has 4 bits, with two it has 2.
    char& last = normal[digits - 1];
    const std::size_t unused = padding == 1 ? 0x03 : 0x0F;
    last = kAlphabet[kAlphabet.find(last) & ~unused];
  }
  return normal;
}

}  // namespace libcache::internal
