// The command that `serve -- COMMAND` runs with the URLs of the server in its environment.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace llmcache::serve {

// The variables by which SDKs find their provider, all set to this server. `named`: paths begin with the names of
// upstreams. `with_keys`: also a dummy for each API key that is not set, for SDKs that refuse to start without one.
std::map<std::string, std::string> client_environment(const std::string& url, bool named, bool with_keys);

class ChildCommand {
 public:
  explicit ChildCommand(boost::asio::io_context& loop) : ended_(loop, SIGCHLD) {}
  // Starts it. `on_end` gets its exit code, as a shell would report it. Throws a Failure (126, 127).
  void start(const std::vector<std::string>& command, const std::map<std::string, std::string>& environment,
             std::function<void(int)> on_end);
  void send(int signal) const;
  bool is_running() const { return process_ > 0; }

 private:
  void wait(std::function<void(int)> on_end);
  boost::asio::signal_set ended_;
  pid_t process_ = 0;
};

}  // namespace llmcache::serve
