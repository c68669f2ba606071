// Files of lines, compressed with zstd if their name ends in ".zst".
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace llmcache {

// Writes a file that appears under its name once it is whole.
class LineFile {
 public:
  // Throws a Failure (refused) if the file cannot be created; so do the other functions if it cannot be written.
  explicit LineFile(std::string path);
  ~LineFile();  // removes the file unless finish() was called
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  void line(std::string_view text);
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Calls `take` with each line of a file, or of stdin for "-", and its number from 1. Compressed input is recognized by
// its first bytes. Throws a Failure: bad input, if the input cannot be read or a line has more than `longest` bytes.
void for_each_line(const std::string& path, std::size_t longest,
                   const std::function<void(std::string_view, std::uint64_t)>& take);

}  // namespace llmcache
