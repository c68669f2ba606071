// Statistics in a file, to which processes append what they have counted.
//
// Each addition is one write of whole lines, with a line break in front: a process that dies, or a disk that is full, in
// the middle of it costs these lines and no others. A process that finds the file large adds its lines up in a new file
// and renames that to the old name. (llmcache-format(5) describes the file.)
#pragma once

#include <libcache/statistics.h>

#include <filesystem>
#include <functional>
#include <optional>

#include "base/descriptor.h"

namespace libcache::internal {

class StatisticsLog final : public Statistics {
 public:
  struct Options {
    // Whether add() writes to the file, and whether it creates it. `may_create` is asked before a file is created.
    bool writes = true;
    std::function<bool()> may_create;
    Clock clock = system_now;
    std::uint64_t fold_beyond = 256 << 10;  // bytes that have been appended
    std::size_t most_rows = 5'000;          // after folding
  };
  StatisticsLog(std::filesystem::path file, Options options);

  bool add(std::string_view prefix, std::span<const StatisticsRow> rows, Deadline deadline) override;
  Result<std::vector<StatisticsRow>> read(std::string_view prefix, std::chrono::sys_days since,
                                          Deadline deadline) override;
  Status reset(std::string_view prefix, Deadline deadline) override;

 private:
  struct Opened {
    Descriptor file;  // locked
    std::uint64_t size = 0;
    std::uint64_t folded = 0;  // bytes that were added up
  };
  enum class Lock { shared, exclusive };
  Result<std::optional<Opened>> open(int access, Lock lock, Deadline deadline) const;
  // A large sum is worth more additions before everything is read again.
  bool is_large(std::uint64_t size, std::uint64_t folded) const { return size > 2 * folded + options_.fold_beyond; }
  bool create() const;
  void fold(Deadline deadline) const;
  bool replace(std::string_view text) const;

  const std::filesystem::path file_;
  const Options options_;
};

}  // namespace libcache::internal
