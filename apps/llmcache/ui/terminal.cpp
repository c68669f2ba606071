#include "ui/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iterator>

namespace llmcache {

namespace {

struct Decoded {
  std::uint32_t code_point = 0;
  std::size_t length = 0;  // 0: invalid UTF-8
};

Decoded decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xf0 && lead < 0xf5   ? 4
                             : lead >= 0xe0 && lead < 0xf0 ? 3
                             : lead >= 0xc2 && lead < 0xe0 ? 2
                                                           : 0;
  if (length == 0 || text.size() < length) return {};
  std::uint32_t code_point = lead & (0xffu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code_point = code_point << 6 | (byte(i) & 0x3fu);
  }
  constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
  if (code_point < kSmallest[length] || code_point > 0x10ffff || surrogate) return {};
  return {code_point, length};
}

// Characters that change how a terminal shows the text after them (control characters, bidirectional controls), or that
// are invisible.
bool is_hazardous(std::uint32_t c) {
  return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x061c || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
         (c >= 0xe0000 && c <= 0xe007f);
}

// Wide characters of Unicode's East Asian Width property (UAX #11), by blocks, and marks that combine with the character
// before them.
std::size_t columns_of(std::uint32_t c) {
  struct Range {
    std::uint32_t first;
    std::uint32_t last;
  };
  constexpr Range kWide[] = {{0x1100, 0x115f},   {0x2e80, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3},
                             {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
                             {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1faff}, {0x20000, 0x3fffd}};
  constexpr Range kCombining[] = {{0x300, 0x36f}, {0x1ab0, 0x1aff}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}};
  const auto has = [c](const Range& range) { return c >= range.first && c <= range.last; };
  if (std::ranges::any_of(kCombining, has)) return 0;
  return std::ranges::any_of(kWide, has) ? 2 : 1;
}

// As JSON writes it: two escapes beyond the basic plane.
void append_json_escape(std::string& text, std::uint32_t c) {
  if (c > 0xffff) {
    fmt::format_to(std::back_inserter(text), "\\u{:04x}", 0xd800 + ((c - 0x10000) >> 10));
    c = 0xdc00 + ((c - 0x10000) & 0x3ff);
  }
  fmt::format_to(std::back_inserter(text), "\\u{:04x}", c);
}

}  // namespace

bool is_terminal(int descriptor) {
  return ::isatty(descriptor) == 1;
}

bool is_dumb_terminal() {
  const char* const kind = std::getenv("TERM");
  return kind != nullptr && std::string_view(kind) == "dumb";
}

bool is_stream(int descriptor) {
  struct stat status{};
  return ::fstat(descriptor, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
}

std::size_t terminal_columns() {
  constexpr std::size_t kUsual = 80;
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsual;
}

std::string escaped(std::string_view text, bool keep_lines) {
  std::string safe;
  safe.reserve(text.size());
  while (!text.empty()) {
    const auto [code_point, length] = decode(text);
    if (length == 0) {
      fmt::format_to(std::back_inserter(safe), "\\x{:02x}", static_cast<unsigned char>(text[0]));
    } else if (keep_lines && (code_point == '\n' || code_point == '\t')) {
      safe += static_cast<char>(code_point);
    } else if (!is_hazardous(code_point)) {
      safe += text.substr(0, length);
    } else if (code_point < 0x80) {
      fmt::format_to(std::back_inserter(safe), "\\x{:02x}", code_point);
    } else {
      fmt::format_to(std::back_inserter(safe), "\\u{:04x}", code_point);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return safe;
}

std::string escaped_json(std::string_view json) {
  std::string safe;
  safe.reserve(json.size());
  while (!json.empty()) {
    const auto [code_point, length] = decode(json);
    if (length == 0) {
      safe += "\\ufffd";
    } else if (is_hazardous(code_point) && code_point != '\n') {
      append_json_escape(safe, code_point);
    } else {
      safe += json.substr(0, length);
    }
    json.remove_prefix(std::max<std::size_t>(1, length));
  }
  return safe;
}

std::string quoted_if_odd(std::string_view name) {
  const std::string safe = escaped(name, false);
  const bool odd = safe != name || name.empty() || name.find_first_of(" '\"\\") != std::string_view::npos;
  return odd ? "'" + safe + "'" : safe;
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const auto [code_point, length] = decode(text);
    columns += columns_of(code_point);
    text.remove_prefix(std::max<std::size_t>(1, length));
  }
  return columns;
}

std::string fitted(std::string_view text, std::size_t columns) {
  if (columns_of(text) <= columns) return std::string(text);
  std::size_t used = 0;
  std::size_t end = 0;
  while (end < text.size()) {
    const auto [code_point, length] = decode(text.substr(end));
    used += columns_of(code_point);
    if (used + 1 > columns) break;
    end += std::max<std::size_t>(1, length);
  }
  return std::string(text.substr(0, end)) + (columns > 0 ? "…" : "");
}

std::string fitted_in_the_middle(std::string_view text, std::size_t columns) {
  if (columns_of(text) <= columns) return std::string(text);
  const std::size_t most = columns / 2;
  std::size_t begin = text.size();
  for (std::size_t at = begin; at > 0 && columns_of(text.substr(at)) <= most;) {
    begin = at--;
    while (at > 0 && (text[at] & 0xc0) == 0x80) --at;
  }
  return fitted(text, columns - columns_of(text.substr(begin))).append(text.substr(begin));
}

}  // namespace llmcache
