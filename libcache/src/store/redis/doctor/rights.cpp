// Whether our user may run every command that the store uses: runs each of them once.
#include <algorithm>

#include "store/redis/doctor/diagnosis.h"
#include "text/ascii.h"

namespace libcache::internal::redis {

namespace {

using Grade = Finding::Grade;

// The rule of ACL SETUSER that allows a command, such as "+get" or "+cluster|slots".
std::string rule_of(const Command& command) {
  std::string rule = "+" + to_lower(command[0]);
  if (command[0] == "CLUSTER") rule += command[1] == "SLOTS" ? "|slots" : "|nodes";
  return rule;
}

class RightsCheck {
 public:
  explicit RightsCheck(const DiagnosisTarget& target)
      : target_(target), name_(target.options.prefix + "llmcache_doctor") {}

  std::vector<Finding> run(const Masters& nodes) {
    try_on_name();
    for (const auto& node : nodes) try_on(*node);
    const std::string& prefix = target_.options.prefix;
    if (denied_.empty()) {
      findings_.push_back({Grade::pass, "rights", "everything needed under '" + prefix + "':" + granted_, ""});
    } else {
      findings_.push_back({Grade::fail, "rights", "the user " + user() + " may not run:" + denied_,
                           "ACL SETUSER " + user() + denied_ + " ~" + prefix + "*"});
    }
    if (!uncounted_.empty()) {
      findings_.push_back({Grade::warn, "statistics", "the user " + user() + " may not run:" + uncounted_,
                           "ACL SETUSER " + user() + uncounted_ + ", or --no-stats"});
    }
    return std::move(findings_);
  }

 private:
  std::string user() const { return target_.user.empty() ? "default" : target_.user; }

  // UNLINK comes last, because it removes what SET has written.
  void try_on_name() {
    const std::string_view name = name_;
    std::vector<Command> commands = {{"GET", name}, {"STRLEN", name}, {"GETRANGE", name, "0", "0"}, {"PTTL", name}};
    if (!target_.options.read_only) {
      const std::string_view live = live_name_;
      commands.insert(commands.begin(), {"SET", name, "1", "PX", "10000", "NX"});
      const std::vector<Command> for_flights = {{"EXISTS", name},
                                                {"XADD", live, "*", "field", "value"},
                                                {"PEXPIRE", live, "10000"},
                                                {"XREAD", "COUNT", "1", "STREAMS", live, "0"},
                                                {"DEL", live},
                                                {"HINCRBY", counted_name_, "field", "1"},
                                                {"HGETALL", counted_name_},
                                                {"UNLINK", counted_name_}};
      commands.insert(commands.end(), for_flights.begin(), for_flights.end());
      commands.push_back({"UNLINK", name});
      try_transaction();
    }
    const auto replies = target_.client.try_all(commands, Repeat::forbidden, target_.deadline);
    if (!replies) {
      findings_.push_back({Grade::fail, "rights", replies.error().message, "correct what the server complains about"});
      return;
    }
    for (std::size_t i = 0; i < commands.size(); ++i) judge(commands[i], (*replies)[i]);
  }

  void try_transaction() {
    const std::vector<Command> commands = {{"WATCH", name_}, {"UNWATCH"}, {"MULTI"}, {"EXEC"}};
    const auto use = [&](Connection& connection, Deadline until) -> Status {
      const auto replies = connection.run(commands, until);
      if (!replies) return fail(replies.error());
      for (std::size_t i = 0; i < commands.size(); ++i) judge(commands[i], (*replies)[i]);
      return {};
    };
    // If the server does not answer, the other commands report it.
    (void)target_.client.on_one_connection(name_, use, target_.deadline);
  }

  void try_on(Node& node) {
    const std::string database = std::to_string(target_.url.database);
    std::vector<Command> commands = {{"PING"}, {"SCAN", "0", "MATCH", name_, "COUNT", "1"}};
    if (target_.url.database != 0) commands.push_back({"SELECT", database});
    if (target_.url.read_from_replicas) commands.push_back({"READONLY"});
    if (target_.url.kind == StoreUrl::Kind::redis_sentinel) commands.push_back({"ROLE"});
    if (target_.url.kind == StoreUrl::Kind::redis_cluster) {
      commands.push_back({"ASKING"});  // ends with the next command
      commands.push_back({"CLUSTER", "SLOTS"});
      commands.push_back({"CLUSTER", "NODES"});
    }
    const auto replies = node.run(commands, Repeat::allowed, target_.deadline);
    for (std::size_t i = 0; replies && i < commands.size(); ++i) judge(commands[i], (*replies)[i]);
  }

  void judge(const Command& command, const Reply& reply) {
    // If MULTI was denied, EXEC fails too, with an error of its own or one that contains that of MULTI.
    const bool denied = reply.is_error() && reply.text.find("NOPERM") != std::string::npos;
    if (denied) {
      add(is_for_statistics(command) ? uncounted_ : denied_, rule_of(command));
    } else if (!reply.is_error() || command[0] == "EXEC") {
      add(granted_, rule_of(command));
    } else {
      findings_.push_back({Grade::fail, command[0] == "SET" ? "write" : "rights",
                           error_of(reply, command[0], target_.client.url()).message,
                           "correct what the server complains about"});
    }
  }

  static bool is_for_statistics(const Command& command) { return command[0] == "HINCRBY" || command[0] == "HGETALL"; }

  static void add(std::string& rules, const std::string& rule) {
    if ((rules + " ").find(" " + rule + " ") == std::string::npos) rules += " " + rule;
  }

  const DiagnosisTarget& target_;
  const std::string name_;
  const std::string live_name_ = name_ + "_live";
  const std::string counted_name_ = name_ + "_counted";
  std::string granted_;
  std::string denied_;
  std::string uncounted_;  // denied, and needed for statistics only
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> check_rights(const DiagnosisTarget& target, const Masters& nodes) {
  return RightsCheck(target).run(nodes);
}

}  // namespace libcache::internal::redis
