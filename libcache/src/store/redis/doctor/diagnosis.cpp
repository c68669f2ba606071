#include "store/redis/doctor/diagnosis.h"

#include <algorithm>
#include <iterator>

namespace libcache::internal::redis {

namespace {

using Grade = Finding::Grade;

// The command in "... has no permissions to run the 'select' command".
std::string missing_right(const std::string& message) {
  constexpr std::string_view kBefore = "to run the '";
  const auto begin = message.find(kBefore);
  if (begin == std::string::npos) return "";
  const auto name = begin + kBefore.size();
  return message.substr(name, message.find('\'', name) - name);
}

std::string advice_on(const DiagnosisTarget& target, const Error& error) {
  const auto says = [&](std::string_view words) { return error.message.find(words) != std::string::npos; };
  if (says("NOAUTH") || says("WRONGPASS")) return "give the password with --password-file, and the user in the URL";
  if (const auto right = missing_right(error.message); !right.empty()) {
    return "ACL SETUSER " + (target.user.empty() ? "default" : target.user) + " +" + right;
  }
  if (says("certificate")) return "name the CA of the server's certificate with --cacert";
  if (says("TLS") && target.url.tls) return "check that the port expects TLS; if it does not, use redis:// in the URL";
  if (says("TLS")) return "start the server, or use rediss:// in the URL if it expects TLS";
  if (error.code == ErrorCode::refused) return "correct what the server complains about";
  return "start the server, or correct --store; --connect-timeout allows more time";
}

Finding unreachable(const DiagnosisTarget& target, const Error& error) {
  return {Grade::fail, "connection", error.message, advice_on(target, error)};
}

Finding check_connection(const DiagnosisTarget& target, Node& node) {
  const Command ping = {"PING"};
  const auto replies = node.run({&ping, 1}, Repeat::allowed, target.deadline);
  if (!replies) return unreachable(target, replies.error());
  const Reply& reply = replies->front();
  // A missing right has a finding of its own.
  if (reply.is_error() && !reply.is_error("NOPERM")) {
    return unreachable(target, error_of(reply, "PING", node.endpoint().name()));
  }
  return {Grade::pass, "connection", node.endpoint().name() + " answers", ""};
}

Finding check_transport(const DiagnosisTarget& target) {
  if (target.url.tls && target.insecure) {
    return {Grade::warn, "tls", "encrypted, but the server's identity is not verified", "do not use --insecure"};
  }
  if (target.url.tls) return {Grade::pass, "tls", "encrypted, and the server's identity is verified", ""};
  if (!target.url.is_remote()) return {Grade::pass, "tls", "not used, and not needed on the same machine", ""};
  return {Grade::warn, "tls", "not used: requests, answers and the password cross the network unencrypted",
          "use rediss:// if the server supports TLS"};
}

}  // namespace

std::vector<Finding> diagnose(const DiagnosisTarget& target) {
  const auto nodes = target.client.masters(target.deadline);
  if (!nodes) return {unreachable(target, nodes.error())};
  std::vector<Finding> findings;
  for (const auto& node : *nodes) findings.push_back(check_connection(target, *node));
  const bool reached = std::ranges::none_of(findings, [](const Finding& each) { return each.grade == Grade::fail; });
  // Whether TLS works can only be seen on a connection; whether it is used can be seen in the URL.
  if (reached || !target.url.tls) findings.push_back(check_transport(target));
  if (!reached) return findings;
  for (const auto& node : *nodes) {
    findings.push_back(check_latency(target, *node));
    std::ranges::move(check_state(target, *node), std::back_inserter(findings));
    findings.push_back(check_clock(target, *node));
  }
  if (target.url.kind == StoreUrl::Kind::redis_cluster) findings.push_back(check_cluster(target, *nodes->front()));
  std::ranges::move(check_rights(target, *nodes), std::back_inserter(findings));
  return findings;
}

}  // namespace libcache::internal::redis
