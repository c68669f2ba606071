// Writing data to stdout: bytes as they are, and failures noticed.
#pragma once

#include <unistd.h>

#include <string>
#include <string_view>

#include "ui/color.h"
#include "ui/terminal.h"

namespace llmcache {

// The reader of stdout has gone away: the program ends quietly, with success. Caught in main.
struct ClosedPipe {};

// Buffered stdout. Throws ClosedPipe, or a Failure (refused) if stdout cannot be written.
class Output {
 public:
  void set_color(bool on) { color_ = on; }
  // `text` in a style, if stdout is coloured.
  std::string in(Style style, std::string_view text) const;
  void write(std::string_view bytes);
  // Bytes out of the store: as they are, or if stdout is a terminal with what it would obey made visible.
  void content(std::string_view bytes);
  // A name out of the store, the same way and in quotes if it is odd.
  std::string name(std::string_view name) const;
  bool is_terminal() const { return terminal_; }
  // Whether somebody may read along: behind a terminal, a pipe or a socket, but not behind a file.
  bool has_reader() const { return is_terminal() || is_stream(STDOUT_FILENO); }
  void line(std::string_view text);
  void flush();

 private:
  const bool terminal_ = llmcache::is_terminal(STDOUT_FILENO);
  bool color_ = false;
  std::string buffer_;
};

// Writes all of `bytes` to a file descriptor, however often it takes. False, with errno, if it fails.
bool write_all(int descriptor, std::string_view bytes);

}  // namespace llmcache
