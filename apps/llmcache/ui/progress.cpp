#include "ui/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "ui/json_line.h"
#include "ui/output.h"
#include "ui/terminal.h"

namespace llmcache {

namespace {

constexpr std::string_view kEraseLine = "\r\x1b[K";

std::uint64_t per_second(const Advance& advance) {
  return advance.elapsed.count() > 0 ? 1000 * advance.done / static_cast<std::uint64_t>(advance.elapsed.count()) : 0;
}

std::optional<std::chrono::seconds> time_left(const Advance& advance) {
  const std::uint64_t rate = per_second(advance);
  if (rate == 0) return std::nullopt;
  const std::uint64_t left = advance.total - std::min(advance.total, advance.done);
  return std::chrono::seconds((left + rate - 1) / rate);
}

}  // namespace

std::string progress_bar(const Advance& advance) {
  constexpr std::uint64_t kWidth = 20;
  const std::uint64_t filled =
      advance.total > 0 ? std::min(kWidth, kWidth * advance.done / advance.total) : std::uint64_t{0};
  std::string bar(filled, '=');
  if (filled < kWidth) bar += '>';
  bar.resize(kWidth, ' ');
  std::string line = fmt::format("[{}] {} of {}", bar, advance.done, advance.total);
  if (const auto left = time_left(advance)) {
    line += fmt::format(", {}/s, {} left", per_second(advance), left->count() > 0 ? format_duration(*left) : "0s");
  }
  return line;
}

std::string progress_json(const Advance& advance) {
  Json::Members members{{"done", advance.done}, {"total", advance.total}};
  if (const auto left = time_left(advance)) {
    members.emplace_back("per_second", per_second(advance));
    members.emplace_back("seconds_left", left->count());
  }
  return json_line("progress", members);
}

Progress::Form Progress::form_for(const Settings& settings) {
  if (settings.json) return Form::json;
  return is_terminal(STDERR_FILENO) && !settings.quiet ? Form::bar : Form::none;
}

Progress::~Progress() {
  if (drawn_) write_all(STDERR_FILENO, kEraseLine);
}

void Progress::show(std::uint64_t done) {
  using std::chrono::milliseconds;
  const auto now = Steady::now();
  if (form_ == Form::none || now < next_) return;
  next_ = now + (form_ == Form::bar ? milliseconds(100) : milliseconds(1000));
  print(done, now);
}

void Progress::finish(std::uint64_t done) {
  if (form_ == Form::json) print(done, Steady::now());
}

void Progress::print(std::uint64_t done, Steady::time_point now) {
  const Advance advance{done, total_, std::chrono::duration_cast<std::chrono::milliseconds>(now - start_)};
  if (form_ == Form::json) {
    write_all(STDERR_FILENO, progress_json(advance) + "\n");
    return;
  }
  drawn_ = true;
  write_all(STDERR_FILENO, std::string(kEraseLine) + progress_bar(advance));
}

}  // namespace llmcache
