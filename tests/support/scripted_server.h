// A server that speaks the Redis protocol and sends the replies of a test's script.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "support/loopback_server.h"

namespace support {

// The reply to a command in raw bytes, and what happens to the connection then.
struct ScriptedReply {
  std::string bytes;
  enum class Then { go_on, close, reset } then = Then::go_on;
};

// The script gets each command as one text, with its arguments separated by spaces. CLIENT SETNAME is answered with OK
// without it. The script is called by one connection at a time.
class ScriptedServer {
 public:
  using Script = std::function<ScriptedReply(const std::string& command)>;
  explicit ScriptedServer(Script script);

  std::uint16_t port() const { return server_.port(); }
  std::string url() const { return "redis://127.0.0.1:" + std::to_string(port()); }
  int connections() const { return server_.connections(); }
  // All commands received so far, except CLIENT SETNAME.
  std::vector<std::string> commands();

 private:
  void serve(int socket);
  ScriptedReply answer(const std::string& command);

  Script script_;
  std::mutex mutex_;
  std::vector<std::string> commands_;
  LoopbackServer server_;
};

// A bulk string as a reply: "$5\r\nhello\r\n".
std::string bulk(const std::string& text);

}  // namespace support
