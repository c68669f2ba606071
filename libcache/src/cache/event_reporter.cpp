#include "cache/event_reporter.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace libcache::internal {

namespace {

constexpr std::chrono::seconds kReportInterval{10};
constexpr std::size_t kMostSubjects = 1000;

}  // namespace

std::optional<std::uint64_t> EventReporter::pass(const std::string& subject) {
  const UnixTime now = clock_();
  const auto log = log_.lock();
  const auto is_old = [&](const Log::value_type& item) {
    return now - item.second.last >= kReportInterval || now < item.second.last;
  };
  const auto found = log->find(subject);
  if (found != log->end() && !is_old(*found)) {
    ++found->second.left_out;
    return std::nullopt;
  }
  if (log->size() >= kMostSubjects) std::erase_if(*log, is_old);
  return std::exchange((*log)[subject], {.last = now}).left_out;
}

void EventReporter::warn(std::string name, std::string key, std::string message) {
  if (!handler_) return;
  const auto left_out = pass(name.starts_with("entry.") ? name + ' ' + key : name);
  if (!left_out) return;
  if (*left_out > 0) message += fmt::format(" ({} more such events were not reported)", *left_out);
  handler_({Event::Severity::warning, std::move(name), std::move(message), std::move(key)});
}

void EventReporter::note(std::string name, std::string key, std::string message) {
  if (handler_) handler_({Event::Severity::info, std::move(name), std::move(message), std::move(key)});
}

}  // namespace libcache::internal
