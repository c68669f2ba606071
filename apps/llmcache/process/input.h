// Reading requests and responses: a file, or stdin.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "process/descriptor.h"

namespace llmcache {

// Says on a terminal that stdin is waited for.
void announce_reading();

// A file, or stdin for "-". On a terminal it says that it is waiting for input. Throws a Failure (bad input).
class Input {
 public:
  explicit Input(const std::string& path);
  int descriptor() const;
  // Fills the beginning of `buffer` with what has arrived, after waiting for it; 0 at the end.
  std::size_t read(std::span<char> buffer) const;

 private:
  [[noreturn]] void fail() const;
  const std::string path_;
  Descriptor file_;
};

// Reads all of it and passes on each piece as it arrives.
void read_input(const std::string& path, const std::function<void(std::string_view)>& take);
std::string read_input(const std::string& path);

}  // namespace llmcache
