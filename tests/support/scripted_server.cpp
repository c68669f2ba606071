#include "support/scripted_server.h"

#include <sys/socket.h>

#include <optional>
#include <utility>

namespace support {

namespace {

// Reads commands, which clients send as arrays of strings.
class CommandReader {
 public:
  explicit CommandReader(int socket) : socket_(socket) {}

  // The next command, its arguments joined. Nothing at the end of the connection.
  std::optional<std::string> next() {
    const auto count = number_after('*');
    if (!count) return std::nullopt;
    std::string command;
    for (std::size_t i = 0; i < *count; ++i) {
      const auto size = number_after('$');
      if (!size || !fill(*size + 2)) return std::nullopt;
      command += (i == 0 ? "" : " ") + buffer_.substr(0, *size);
      buffer_.erase(0, *size + 2);
    }
    return command;
  }

 private:
  std::optional<std::size_t> number_after(char type) {
    std::size_t end = std::string::npos;
    while ((end = buffer_.find("\r\n")) == std::string::npos) {
      if (!fill(buffer_.size() + 1)) return std::nullopt;
    }
    if (buffer_.front() != type) return std::nullopt;
    const std::size_t number = std::stoul(buffer_.substr(1, end - 1));
    buffer_.erase(0, end + 2);
    return number;
  }

  bool fill(std::size_t size) {
    char bytes[16 << 10];
    while (buffer_.size() < size) {
      const ssize_t received = recv(socket_, bytes, sizeof(bytes), 0);
      if (received <= 0) return false;
      buffer_.append(bytes, static_cast<std::size_t>(received));
    }
    return true;
  }

  int socket_;
  std::string buffer_;
};

}  // namespace

ScriptedServer::ScriptedServer(Script script)
    : script_(std::move(script)), server_([this](int socket) { serve(socket); }) {}

void ScriptedServer::serve(int socket) {
  CommandReader reader(socket);
  while (const auto command = reader.next()) {
    const ScriptedReply reply = answer(*command);
    if (!send_all(socket, reply.bytes.data(), reply.bytes.size())) return;
    if (reply.then == ScriptedReply::Then::reset) reset_on_close(socket);
    if (reply.then != ScriptedReply::Then::go_on) return;
  }
}

ScriptedReply ScriptedServer::answer(const std::string& command) {
  if (command.starts_with("CLIENT SETNAME")) return {.bytes = "+OK\r\n"};
  const std::lock_guard lock(mutex_);
  commands_.push_back(command);
  return script_(command);
}

std::vector<std::string> ScriptedServer::commands() {
  const std::lock_guard lock(mutex_);
  return commands_;
}

std::string bulk(const std::string& text) {
  return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

}  // namespace support
