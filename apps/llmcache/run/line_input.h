// The requests of a batch: the lines of a file or of stdin, read as they are needed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "process/input.h"
#include "process/pollable_flag.h"

namespace llmcache {

class LineInput {
 public:
  // Throws a Failure (bad input), as all functions do.
  explicit LineInput(const std::string& path);
  // How many lines there are; nullopt unless it is a regular file. Reads all of it.
  std::optional<std::uint64_t> count() const;
  // The next line, without its end; nullopt at the end of the input, or once `stop` is set.
  std::optional<std::string> next(const PollableFlag& stop);

 private:
  bool wait(const PollableFlag& stop) const;

  const Input input_;
  const std::unique_ptr<char[]> buffer_;
  std::string_view rest_;  // what has been read into the buffer and not been returned yet
  bool ended_ = false;
};

}  // namespace llmcache
