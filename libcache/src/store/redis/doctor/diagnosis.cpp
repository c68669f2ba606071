#include "store/redis/doctor/diagnosis.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <utility>

#include "store/redis/server/info.h"

namespace libcache::internal::redis {

namespace {

using Grade = Finding::Grade;
using std::chrono::microseconds;

std::string advice_on(const Error& error) {
  const auto says = [&](std::string_view words) { return error.message.find(words) != std::string::npos; };
  if (says("NOAUTH") || says("WRONGPASS")) return "give its password with --password-file, and its user in the URL";
  if (says("certificate") || says("TLS")) return "name the authority with --cacert, or see that its port speaks TLS";
  if (error.code == ErrorCode::refused) return "see what the server says";
  return "start it, or correct --store; --connect-timeout gives it more time";
}

Finding unreachable(const Error& error) {
  return {Grade::fail, "connection", error.message, advice_on(error)};
}

Finding find_connection(const Subject& subject, Node& node) {
  // A right that is missing is a finding of its own.
  const Command ping = {"PING"};
  const auto replies = node.run({&ping, 1}, Repeat::allowed, subject.deadline);
  if (!replies) return unreachable(replies.error());
  const Reply& reply = replies->front();
  if (reply.is_error() && !reply.is_error("NOPERM")) {
    return unreachable(error_of(reply, "PING", node.endpoint().name()));
  }
  return {Grade::pass, "connection", node.endpoint().name() + " answers", ""};
}

Finding find_transport(const Subject& subject) {
  if (subject.url.tls && subject.insecure) {
    return {Grade::warn, "tls", "the connection is encrypted, but nobody knows to whom", "leave out --insecure"};
  }
  if (subject.url.tls) return {Grade::pass, "tls", "encrypted, and the server proves who it is", ""};
  if (!subject.url.is_remote()) return {Grade::pass, "tls", "none, and none is needed on this machine", ""};
  return {Grade::warn, "tls", "none: requests, answers and the password cross the network in the clear",
          "use rediss:// if the server speaks TLS"};
}

}  // namespace

std::vector<Finding> diagnose(const Subject& subject) {
  const auto nodes = subject.client.masters(subject.deadline);
  if (!nodes) return {unreachable(nodes.error())};
  std::vector<Finding> findings;
  for (const auto& node : *nodes) findings.push_back(find_connection(subject, *node));
  const bool reached = std::ranges::none_of(findings, [](const Finding& each) { return each.grade == Grade::fail; });
  // That TLS protects it is shown by a connection alone, that nothing does by the URL.
  if (reached || !subject.url.tls) findings.push_back(find_transport(subject));
  if (!reached) return findings;
  for (const auto& node : *nodes) {
    findings.push_back(find_latency(subject, *node));
    std::ranges::move(find_server_state(subject, *node), std::back_inserter(findings));
    findings.push_back(find_clock_difference(subject, *node));
  }
  if (subject.url.kind == StoreUrl::Kind::redis_cluster) {
    findings.push_back(find_cluster_state(subject, *nodes->front()));
  }
  std::ranges::move(find_rights(subject, *nodes), std::back_inserter(findings));
  std::ranges::move(find_names(subject), std::back_inserter(findings));
  return findings;
}

Finding find_latency(const Subject& subject, Node& node) {
  constexpr microseconds kSlow = std::chrono::milliseconds(20);
  std::array<microseconds, 5> times{};
  const Command ping = {"PING"};
  for (auto& time : times) {
    const auto begun = std::chrono::steady_clock::now();
    const auto replies = node.run({&ping, 1}, Repeat::allowed, subject.deadline);
    if (!replies) return {Grade::fail, "latency", replies.error().message, advice_on(replies.error())};
    time = std::chrono::duration_cast<microseconds>(std::chrono::steady_clock::now() - begun);
  }
  std::ranges::sort(times);
  const auto median = times[times.size() / 2];
  const std::string message =
      node.endpoint().name() + " answers within " + std::to_string(median.count()) + " microseconds";
  if (median < kSlow) return {Grade::pass, "latency", message, ""};
  return {Grade::warn, "latency", message, "put a near store before it: --store sqlite: --store ..."};
}

Finding find_clock_difference(const Subject& subject, Node& node) {
  const std::string& name = node.endpoint().name();
  const auto before = subject.clock();
  const auto time = subject.client.run_at(node, {"TIME"}, subject.deadline);
  const auto after = subject.clock();
  std::int64_t seconds = 0;
  if (time && time->elements.size() == 2) {
    const std::string& digits = time->elements[0].text;
    std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  }
  if (seconds == 0) return {Grade::warn, "clock", name + " does not tell the time", "allow the user +time"};
  // The server's second began somewhere between the question and the answer, or up to a second before.
  const auto ours = std::chrono::floor<std::chrono::seconds>(before).time_since_epoch().count();
  const auto difference =
      seconds < ours ? ours - seconds
                     : std::max<std::int64_t>(
                           0, seconds - std::chrono::ceil<std::chrono::seconds>(after).time_since_epoch().count());
  if (difference <= 1) return {Grade::pass, "clock", "ours and that of " + name + " agree", ""};
  const std::string message = "ours and that of " + name + " are " + std::to_string(difference) + " s apart";
  constexpr int kTooFar = 60;
  return {difference < kTooFar ? Grade::warn : Grade::fail, "clock", message,
          "run NTP on both: entries expire early or late by as much"};
}

}  // namespace libcache::internal::redis
