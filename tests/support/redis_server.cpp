#include "support/redis_server.h"

#include <hiredis/hiredis.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

#include "support/free_port.h"

namespace support {

namespace {

using namespace std::chrono_literals;

std::string text_of(const redisReply& reply) {
  switch (reply.type) {
    case REDIS_REPLY_INTEGER:
      return std::to_string(reply.integer);
    case REDIS_REPLY_ERROR:
      return "-" + std::string(reply.str, reply.len);
    case REDIS_REPLY_ARRAY: {
      std::string text;
      for (std::size_t i = 0; i < reply.elements; ++i) text += (i == 0 ? "" : "\n") + text_of(*reply.element[i]);
      return text;
    }
    default:
      return std::string(reply.str, reply.len);
  }
}

// redis-server, or a compatible server such as valkey-server.
std::string program() {
  const char* other = std::getenv("LLMCACHE_TEST_SERVER");
  return other != nullptr ? other : "redis-server";
}

}  // namespace

RedisServer::RedisServer(RedisOptions options)
    : options_(std::move(options)), directory_(std::make_unique<TemporaryDirectory>()), control_(nullptr, redisFree) {
  constexpr int kAttempts = 20;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    port_ = free_port();
    bus_port_ = free_port();
    start();
    if (wait_until_up()) return;
  }
  std::stringstream words;
  words << program() << " does not start: " << std::ifstream(directory() / "log").rdbuf();
  throw std::runtime_error(words.str());
}

RedisServer::~RedisServer() = default;

std::string RedisServer::url() const {
  return (options_.tls ? "rediss://127.0.0.1:" : "redis://127.0.0.1:") + std::to_string(port_);
}

void RedisServer::start() {
  const auto certificate = [&](const char* name) { return (options_.certificates / name).string(); };
  const std::string port = std::to_string(port_);
  std::vector<std::string> command = {program()};
  const bool sentinel = !options_.sentinel.empty();
  if (sentinel) {
    const auto file = directory() / "sentinel.conf";
    std::ofstream(file) << options_.sentinel;
    command.insert(command.end(), {file.string(), "--sentinel"});
  }
  command.insert(command.end(), {"--port", options_.tls ? "0" : port, "--bind", "127.0.0.1", "--dir",
                                 directory().string(), "--unixsocket", socket_path().string(), "--daemonize", "no"});
  if (!sentinel)
    command.insert(command.end(), {"--save", "", "--enable-debug-command", "local", "--repl-diskless-sync-delay", "0"});
  if (options_.tls) {
    command.insert(command.end(),
                   {"--tls-port", port, "--tls-auth-clients", "optional", "--tls-cert-file", certificate("server.crt"),
                    "--tls-key-file", certificate("server.key"), "--tls-ca-cert-file", certificate("ca.crt")});
  }
  if (options_.cluster) {
    command.insert(command.end(), {"--cluster-enabled", "yes", "--cluster-port", std::to_string(bus_port_),
                                   "--cluster-node-timeout", "2000", "--cluster-replica-validity-factor", "0"});
  }
  command.insert(command.end(), options_.arguments.begin(), options_.arguments.end());
  std::filesystem::remove(socket_path());
  control_.reset();
  process_ = std::make_unique<Process>(command, directory() / "log");
}

// Asks over the unix socket: it is in the server's own directory, so no other server can answer.
bool RedisServer::wait_until_up() {
  const auto give_up = std::chrono::steady_clock::now() + 30s;
  while (process_->is_running() && std::chrono::steady_clock::now() < give_up) {
    control_.reset(redisConnectUnix(socket_path().c_str()));
    if (control_ && control_->err == 0) {
      if (!options_.password.empty()) command({"AUTH", options_.password});
      if (!command({"PING"}).empty()) return true;
    }
    std::this_thread::sleep_for(2ms);
  }
  return false;
}

void RedisServer::restart(const std::vector<std::string>& further) {
  process_->kill();
  options_.arguments.insert(options_.arguments.end(), further.begin(), further.end());
  start();
  if (!wait_until_up()) throw std::runtime_error(program() + " does not start again");
}

void RedisServer::append(const std::vector<std::string>& arguments) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const std::string& argument : arguments) {
    texts.push_back(argument.data());
    sizes.push_back(argument.size());
  }
  redisAppendCommandArgv(control_.get(), static_cast<int>(texts.size()), texts.data(), sizes.data());
}

std::string RedisServer::command(const std::vector<std::string>& arguments) {
  append(arguments);
  void* reply = nullptr;
  if (redisGetReply(control_.get(), &reply) != REDIS_OK) return "";
  const std::unique_ptr<void, void (*)(void*)> owner(reply, freeReplyObject);
  return text_of(*static_cast<redisReply*>(reply));
}

void RedisServer::send(const std::vector<std::string>& arguments) {
  append(arguments);
  for (int done = 0; done == 0 && redisBufferWrite(control_.get(), &done) == REDIS_OK;) continue;
}

}  // namespace support
