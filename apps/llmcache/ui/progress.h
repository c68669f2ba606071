// The progress of work on many entries.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "config/settings.h"

namespace llmcache {

struct Advance {
  std::uint64_t done = 0;
  std::optional<std::uint64_t> total = {};  // nullopt: unknown
  std::chrono::milliseconds elapsed{0};
};

// "[=========>          ] 45000 of 100000, 21400/s, 3s left"; the last two only once there is a rate. If the total is
// unknown: "45000, 21400/s".
std::string progress_bar(const Advance& advance);
// The same as one line of JSON.
std::string progress_json(const Advance& advance);

// Shows it on stderr: a bar ten times a second, a line of JSON once a second.
class Progress {
 public:
  enum class Form { none, bar, json };
  // JSON with --json; a bar if stderr is a terminal, and without -q.
  static Form form_for(const Settings& settings);

  Progress(Form form, std::optional<std::uint64_t> total) : form_(form), total_(total) {}
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();  // removes the bar

  void show(std::uint64_t done);
  // Removes the bar, for another message; it appears again at the next show().
  void hide();
  // Removes the bar, or prints the last line of JSON.
  void finish(std::uint64_t done);

 private:
  using Steady = std::chrono::steady_clock;
  void print(std::uint64_t done, Steady::time_point now);

  const Form form_;
  const std::optional<std::uint64_t> total_;
  const Steady::time_point start_ = Steady::now();
  Steady::time_point next_ = start_;
  bool drawn_ = false;
};

}  // namespace llmcache
