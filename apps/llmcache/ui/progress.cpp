#include "ui/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

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
  if (rate == 0 || !advance.total) return std::nullopt;
  const std::uint64_t left = *advance.total - std::min(*advance.total, advance.done);
  return std::chrono::seconds((left + rate - 1) / rate);
}

// "[=========>          ] "
std::string bar(std::uint64_t done, std::uint64_t total) {
  constexpr std::uint64_t kWidth = 20;
  const std::uint64_t filled = total > 0 ? std::min(kWidth, kWidth * done / total) : std::uint64_t{0};
  std::string text(filled, '=');
  if (filled < kWidth) text += '>';
  text.resize(kWidth, ' ');
  return "[" + text + "] ";
}

}  // namespace

std::string progress_bar(const Advance& advance) {
  const std::string done = std::to_string(advance.done);
  std::string line =
      advance.total ? fmt::format("{}{} of {}", bar(advance.done, *advance.total), done, *advance.total) : done;
  if (const auto rate = per_second(advance); rate > 0) line += fmt::format(", {}/s", rate);
  if (const auto left = time_left(advance)) {
    line += fmt::format(", {} left", left->count() > 0 ? format_duration(*left) : "0s");
  }
  return line;
}

std::string progress_json(const Advance& advance) {
  Json::Members members{{"done", advance.done}};
  if (advance.total) members.emplace_back("total", *advance.total);
  if (const auto rate = per_second(advance); rate > 0) members.emplace_back("per_second", rate);
  if (const auto left = time_left(advance)) members.emplace_back("seconds_left", left->count());
  return json_line("progress", members);
}

Progress::Form Progress::form_for(const Settings& settings) {
  if (settings.json) return Form::json;
  return is_terminal(STDERR_FILENO) && !is_dumb_terminal() && !settings.quiet ? Form::bar : Form::none;
}

Progress::~Progress() {
  hide();
}

void Progress::hide() {
  if (std::exchange(drawn_, false)) write_all(STDERR_FILENO, kEraseLine);
}

void Progress::show(std::uint64_t done) {
  using std::chrono::milliseconds;
  const auto now = Steady::now();
  if (form_ == Form::none || now < next_) return;
  next_ = now + (form_ == Form::bar ? milliseconds(100) : milliseconds(1000));
  print(done, now);
}

void Progress::finish(std::uint64_t done) {
  hide();
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
