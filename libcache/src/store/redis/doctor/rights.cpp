// Whether our user may do what the store does, one command after the other.
#include "store/redis/doctor/diagnosis.h"
#include "store/redis/wire/error.h"

namespace libcache::internal::redis {

namespace {

using Grade = Finding::Grade;

// As ACL SETUSER has it: "+get", "+cluster|slots".
std::string rule_of(const Command& command) {
  std::string rule = "+";
  for (const char c : command[0]) rule += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  if (command[0] == "CLUSTER") rule += command[1] == "SLOTS" ? "|slots" : "|nodes";
  return rule;
}

class Trial {
 public:
  explicit Trial(const Subject& subject) : subject_(subject), name_(subject.options.prefix + "llmcache_doctor") {}

  std::vector<Finding> run(std::span<const std::shared_ptr<Node>> nodes) {
    try_on_name();
    for (const auto& node : nodes) try_on(*node);
    if (refused_.empty()) {
      findings_.push_back(
          {Grade::pass, "rights", "all that is needed under '" + subject_.options.prefix + "':" + granted_, ""});
    } else {
      const std::string user = subject_.user.empty() ? "default" : subject_.user;
      findings_.push_back({Grade::fail, "rights", "the user " + user + " may not:" + refused_,
                           "ACL SETUSER " + user + refused_ + " ~" + subject_.options.prefix + "*"});
    }
    return std::move(findings_);
  }

 private:
  // UNLINK comes last: it removes what SET has left.
  void try_on_name() {
    const std::string_view name = name_;
    std::vector<Command> commands = {{"GET", name}, {"STRLEN", name}, {"GETRANGE", name, "0", "0"}, {"PTTL", name}};
    if (!subject_.options.read_only) {
      const std::string_view live = live_name_;
      commands.insert(commands.begin(), {"SET", name, "1", "PX", "10000", "NX"});
      const std::vector<Command> of_flights = {{"EXISTS", name},
                                               {"XADD", live, "*", "field", "value"},
                                               {"PEXPIRE", live, "10000"},
                                               {"XREAD", "COUNT", "1", "STREAMS", live, "0"},
                                               {"DEL", live}};
      commands.insert(commands.end(), of_flights.begin(), of_flights.end());
      commands.push_back({"UNLINK", name});
      try_transaction();
    }
    const auto replies = subject_.client.run_all(commands, Repeat::forbidden, subject_.deadline);
    if (!replies) {
      findings_.push_back({Grade::fail, "rights", replies.error().message, "see what the server says"});
      return;
    }
    for (std::size_t i = 0; i < commands.size(); ++i) judge(commands[i], (*replies)[i]);
  }

  void try_transaction() {
    const std::vector<Command> commands = {{"WATCH", name_}, {"UNWATCH"}, {"MULTI"}, {"EXEC"}};
    const auto use = [&](Connection& connection) -> Status {
      const auto replies = connection.run(commands, subject_.deadline);
      if (!replies) return tl::make_unexpected(replies.error());
      for (std::size_t i = 0; i < commands.size(); ++i) judge(commands[i], (*replies)[i]);
      return {};
    };
    // A server that does not answer is found by the commands on the name.
    (void)subject_.client.on_one_connection(name_, use, subject_.deadline);
  }

  void try_on(Node& node) {
    std::vector<Command> commands = {{"PING"}, {"SCAN", "0", "MATCH", name_, "COUNT", "1"}};
    if (subject_.url.kind == StoreUrl::Kind::redis_cluster) {
      commands.push_back({"CLUSTER", "SLOTS"});
      commands.push_back({"CLUSTER", "NODES"});
    }
    const auto replies = node.run(commands, Repeat::allowed, subject_.deadline);
    for (std::size_t i = 0; replies && i < commands.size(); ++i) judge(commands[i], (*replies)[i]);
  }

  void judge(const Command& command, const Reply& reply) {
    const std::string rule = rule_of(command);
    // EXEC wraps the error, and has one of its own where MULTI was refused.
    const bool refused = reply.is_error() && reply.text.find("NOPERM") != std::string::npos;
    if (refused) {
      add(refused_, rule);
    } else if (!reply.is_error() || command[0] == "EXEC") {
      add(granted_, rule);
    } else {
      findings_.push_back({Grade::fail, command[0] == "SET" ? "write" : "rights",
                           error_of(reply, command[0], subject_.client.url()).message, "see what the server says"});
    }
  }

  static void add(std::string& rules, const std::string& rule) {
    if ((rules + " ").find(" " + rule + " ") == std::string::npos) rules += " " + rule;
  }

  const Subject& subject_;
  const std::string name_;
  const std::string live_name_ = name_ + "_live";
  std::string granted_;
  std::string refused_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> find_rights(const Subject& subject, std::span<const std::shared_ptr<Node>> nodes) {
  return Trial(subject).run(nodes);
}

}  // namespace libcache::internal::redis
