// How fast a server answers, and whether its clock agrees with ours.
#include <algorithm>
#include <array>
#include <chrono>

#include "store/redis/doctor/diagnosis.h"
#include "text/integer.h"

namespace libcache::internal::redis {

namespace {

using Grade = Finding::Grade;
using std::chrono::ceil;
using std::chrono::floor;
using std::chrono::microseconds;
using std::chrono::seconds;

// The server's clock, read between `before` and `after` on ours. Its fraction of a second is cut off, so the real
// difference may be one second more.
seconds clock_difference(seconds server, UnixTime before, UnixTime after) {
  const auto earliest = floor<seconds>(before).time_since_epoch();
  const auto latest = ceil<seconds>(after).time_since_epoch();
  return server < earliest ? earliest - server : std::max(seconds(0), server - latest);
}

}  // namespace

Finding check_latency(const DiagnosisTarget& target, Node& node) {
  constexpr microseconds kSlow = std::chrono::milliseconds(20);
  std::array<microseconds, 5> times{};
  const Command ping = {"PING"};
  for (auto& time : times) {
    const auto begun = std::chrono::steady_clock::now();
    const auto replies = node.run({&ping, 1}, Repeat::allowed, target.deadline);
    if (!replies) return {Grade::fail, "latency", replies.error().message, "check the network and the server's load"};
    time = std::chrono::duration_cast<microseconds>(std::chrono::steady_clock::now() - begun);
  }
  std::ranges::sort(times);
  const auto median = times[times.size() / 2];
  const std::string message =
      node.endpoint().name() + " answers within " + std::to_string(median.count()) + " microseconds";
  if (median < kSlow) return {Grade::pass, "latency", message, ""};
  return {Grade::warn, "latency", message, "use a local store in front of it: --store sqlite: --store ..."};
}

Finding check_clock(const DiagnosisTarget& target, Node& node) {
  const std::string& name = node.endpoint().name();
  const auto before = target.clock();
  const auto time = target.client.run_on(node, {"TIME"}, target.deadline);
  const auto after = target.clock();
  seconds::rep server = 0;
  if (time && time->elements.size() == 2) {
    server = parse_integer<seconds::rep>(time->elements[0].text).value_or(0);
  }
  if (server == 0) return {Grade::warn, "clock", name + " did not answer TIME", "allow the user +time"};
  const auto difference = clock_difference(seconds(server), before, after);
  if (difference <= seconds(1)) return {Grade::pass, "clock", "our clock and that of " + name + " agree", ""};
  const std::string message =
      "our clock and that of " + name + " differ by " + std::to_string(difference.count()) + " s";
  constexpr seconds kTooFar{60};
  return {difference < kTooFar ? Grade::warn : Grade::fail, "clock", message,
          "run NTP on both machines: entries expire early or late by the difference"};
}

}  // namespace libcache::internal::redis
