// Writing to stdout. No failure to write goes unnoticed.
#pragma once

#include <unistd.h>

#include <optional>
#include <string>
#include <string_view>

#include "ui/color.h"
#include "ui/terminal.h"

namespace llmcache {

// The reader of stdout has closed it: the program ends quietly, with success. Caught in main.
struct ClosedPipe {};

// Buffered stdout. Throws ClosedPipe, or a Failure (refused) if stdout cannot be written.
class Output {
 public:
  void set_color(bool on) { color_ = on; }
  // An answer, byte for byte, even on a terminal: for commands whose purpose is to reproduce it.
  void write(std::string_view bytes);
  // Everything else. On a terminal, characters that it would interpret are escaped, except newlines and tabs.
  void print(std::string_view text, std::optional<Style> style = std::nullopt);
  void line(std::string_view text, std::optional<Style> style = std::nullopt);
  // The name of an entry as print() should get it: on a terminal in quotes if it has unusual characters.
  std::string name(std::string_view name) const;
  bool is_terminal() const { return terminal_; }
  // Whether a person or a program may be reading at this moment (a terminal, a pipe or a socket, not a file).
  bool has_reader() const { return is_terminal() || is_stream(STDOUT_FILENO); }
  void flush();

 private:
  const bool terminal_ = llmcache::is_terminal(STDOUT_FILENO);
  bool color_ = false;
  std::string buffer_;
};

// Writes all of `bytes` to a file descriptor. False, with errno, on failure.
bool write_all(int descriptor, std::string_view bytes);

}  // namespace llmcache
