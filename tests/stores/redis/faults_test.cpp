// What goes wrong between the store and one Redis, and what comes of it. Where the server can be brought to fail by
// itself, it is; a proxy or a scripted server stands in for the rest.
#include <libcache/store.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <catch2/catch_test_macros.hpp>
#include <cerrno>
#include <fstream>
#include <list>
#include <mutex>
#include <thread>

#include "stores/redis/testing.h"
#include "support/certificates.h"
#include "support/redis_server.h"
#include "support/scripted_server.h"
#include "support/toxic_proxy.h"

using namespace libcache;
using namespace libcache::test;
using namespace std::chrono_literals;
using support::Answer;
using support::RedisServer;
using support::ScriptedServer;
using support::Toxic;
using support::ToxicProxy;

namespace {

Status visit_all(Store& store) {
  return store.scan("", 0, [](const Listing&) -> Result<bool> { return true; }, Deadline::never());
}

// Keeps what happened.
class Events {
 public:
  EventHandler handler() {
    return [this](const Event& event) {
      const std::lock_guard lock(mutex_);
      names_.push_back(event.name);
    };
  }
  std::vector<std::string> names() {
    const std::lock_guard lock(mutex_);
    return names_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> names_;
};

void say_nothing(int socket) {
  char byte = 0;
  while (recv(socket, &byte, 1, 0) > 0) continue;
}

}  // namespace

TEST_CASE("a server that is not there is unavailable") {
  const auto by_tcp = get(*open("redis://127.0.0.1:1"));
  CHECK(code_of(by_tcp) == ErrorCode::unavailable);
  CHECK(message_of(by_tcp) == "cannot connect to 127.0.0.1:1: Connection refused");
  CHECK(code_of(get(*open("redis+unix:///nowhere/redis.sock"))) == ErrorCode::unavailable);
  CHECK(code_of(get(*open("redis://no-such-host.invalid"))) == ErrorCode::unavailable);
}

TEST_CASE("no message holds the password") {
  const auto result = get(*open("redis://alice:secret@127.0.0.1:1"));
  CHECK(message_of(result).find("secret") == std::string::npos);
  const ScriptedServer echo([](const std::string&) {
    return Answer{.bytes = "-ERR unknown command 'AUTH', with args beginning with: 'alice' 'secret' \r\n"};
  });
  const auto echoed = get(*open("redis://alice:secret@127.0.0.1:" + std::to_string(echo.port())));
  CHECK(code_of(echoed) == ErrorCode::refused);
  CHECK(message_of(echoed).find("secret") == std::string::npos);
}

TEST_CASE("a server that accepts and never answers costs the time to connect, by plain TCP and by TLS") {
  const support::LoopbackServer silent(say_nothing);
  auto options = patient();
  options.redis.connect_timeout = 50ms;
  const std::string address = "127.0.0.1:" + std::to_string(silent.port());
  CHECK(code_of(get(*open("redis://" + address, options))) == ErrorCode::timeout);
  CHECK(code_of(get(*open("rediss://" + address, options))) == ErrorCode::timeout);
}

TEST_CASE("a unix socket whose queue is full is waited for as long as a connection may take") {
  RedisServer server({.arguments = {"--tcp-backlog", "0"}});
  const std::string url = "redis+unix://" + server.socket_path().string();
  server.send_signal(SIGSTOP);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  REQUIRE(server.socket_path().native().copy(address.sun_path, sizeof(address.sun_path) - 1) > 0);
  std::list<support::Descriptor> queue;
  const auto join = [&] {
    queue.emplace_back(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    return connect(queue.back().get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  };
  while (join()) continue;
  REQUIRE(errno == EAGAIN);
  auto options = patient();
  options.redis.connect_timeout = 50ms;
  CHECK(code_of(get(*open(url, options))) == ErrorCode::timeout);
  std::thread waking([&] { server.send_signal(SIGCONT); });
  CHECK(get(*open(url)).has_value());
  waking.join();
}

TEST_CASE("a TLS client at a plain port fails, whatever the server makes of it") {
  const RedisServer server;
  auto options = patient();
  options.redis.connect_timeout = 200ms;
  const auto code = code_of(get(*open("rediss://127.0.0.1:" + std::to_string(server.port()), options)));
  CHECK((code == ErrorCode::timeout || code == ErrorCode::refused));
}

TEST_CASE("an answer that drips in byte by byte does not outlast the deadline") {
  RedisServer server;
  ToxicProxy proxy(server.port());
  const auto store = open(proxy.url());
  REQUIRE(put(*store, "a", std::string(4000, 'v')));
  proxy.spoil({.kind = Toxic::Kind::drip, .delay = 20ms});
  CHECK(code_of(store->get("a", Deadline::after(150ms))) == ErrorCode::timeout);
  proxy.heal();
  CHECK(get(*store).value() == std::string(4000, 'v'));
}

TEST_CASE("a server that hangs costs the operation's time, and works again when it wakes up") {
  RedisServer server;
  auto options = patient();
  const auto store = open(server.url(), options);
  REQUIRE(put(*store));
  SECTION("stopped") {
    server.send_signal(SIGSTOP);
    CHECK(code_of(store->get("a", Deadline::after(100ms))) == ErrorCode::timeout);
    server.send_signal(SIGCONT);
  }
  SECTION("pausing its clients") {
    server.command({"CLIENT", "PAUSE", "300"});
    CHECK(code_of(store->get("a", Deadline::after(100ms))) == ErrorCode::timeout);
  }
  CHECK(get(*store).value() == "1");
}

TEST_CASE("a network that is slow but works is waited for") {
  RedisServer server;
  ToxicProxy proxy(server.port());
  proxy.spoil({.kind = Toxic::Kind::latency, .delay = 20ms});
  const auto store = open(proxy.url());
  CHECK(put(*store).value());
  CHECK(get(*store).value() == "1");
}

TEST_CASE("a connection that ends in the middle of an answer is opened again, once") {
  RedisServer server;
  ToxicProxy proxy(server.port());
  const auto store = open(proxy.url());
  const std::string value(1000, 'v');
  REQUIRE(put(*store, "a", value));
  for (const auto kind : {Toxic::Kind::cut, Toxic::Kind::reset}) {
    for (const std::size_t bytes : {0, 1, 4, 500}) {
      proxy.spoil({.kind = kind, .bytes = bytes}, 1);
      CHECK(get(*store).value() == value);
      proxy.spoil({.kind = kind, .bytes = bytes}, 1);
      CHECK(put(*store, "a", value).value());
      proxy.spoil({.kind = kind, .bytes = bytes});
      CHECK(code_of(get(*store)) == ErrorCode::unavailable);
      proxy.heal();
      REQUIRE(get(*store).value() == value);
    }
  }
}

TEST_CASE("a connection that ends is opened again as often as the options say") {
  RedisServer server;
  ToxicProxy proxy(server.port());
  for (const unsigned retries : {0U, 1U, 3U}) {
    auto options = patient();
    options.redis.retries = retries;
    const auto store = open(proxy.url(), options);
    REQUIRE(put(*store, "a", "1"));
    proxy.spoil({.kind = Toxic::Kind::cut}, static_cast<int>(retries));
    CHECK(get(*store).value() == "1");
    proxy.spoil({.kind = Toxic::Kind::cut}, static_cast<int>(retries) + 1);
    CHECK(code_of(get(*store)) == ErrorCode::unavailable);
    proxy.heal();
  }
}

TEST_CASE("what might have been done already is not done again") {
  RedisServer server;
  ToxicProxy proxy(server.port());
  const auto store = open(proxy.url());
  REQUIRE(put(*store, "a", "1"));
  proxy.spoil({.kind = Toxic::Kind::cut}, 1);
  CHECK(code_of(store->put("b", "2", {.only_new = true}, Deadline::never())) == ErrorCode::unavailable);
  proxy.spoil({.kind = Toxic::Kind::cut}, 1);
  CHECK(code_of(store->remove(std::vector<std::string>{"a"}, Deadline::never())) == ErrorCode::unavailable);
}

TEST_CASE("an idle connection that the server has closed is noticed before it is used") {
  RedisServer server;
  const auto store = open(server.url());
  REQUIRE(put(*store));
  server.command({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  CHECK(store->put("b", "2", {.only_new = true}, Deadline::never()).value());
}

TEST_CASE("a server that restarts is found again") {
  RedisServer server;
  const auto store = open(server.url());
  REQUIRE(put(*store));
  server.restart();
  CHECK(get(*store).value() == std::nullopt);
}

TEST_CASE("garbage in place of an answer is refused after one more try") {
  for (const std::string garbage :
       {"HTTP/1.1 400 Bad Request\r\n", "$99999999999\r\n", "$-7\r\n", "*1000000000\r\n", "%1\r\n+a\r\n+b\r\n"}) {
    INFO(garbage);
    const ScriptedServer server([&](const std::string&) { return Answer{.bytes = garbage}; });
    CHECK(code_of(get(*open(server.url()))) == ErrorCode::refused);
    CHECK(server.connections() == 2);
  }
}

TEST_CASE("an answer to what nobody asked is not taken for the next command's") {
  const ScriptedServer server([&](const std::string& command) {
    return Answer{.bytes = command.starts_with("GET") ? "$-1\r\n$5\r\nother\r\n" : "+OK\r\n"};
  });
  const auto store = open(server.url());
  CHECK(code_of(get(*store)) == ErrorCode::refused);
  CHECK(put(*store));
  CHECK(server.connections() == 3);
}

TEST_CASE("an answer nested a hundred thousand deep is refused") {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "*1\r\n";
  const ScriptedServer server([&](const std::string&) { return Answer{.bytes = deep}; });
  CHECK(code_of(get(*open(server.url()))) == ErrorCode::refused);
}

TEST_CASE("a replica refuses to be written, and the connection to it is given up") {
  RedisServer server({.arguments = {"--replicaof", "127.0.0.1 1"}});
  const auto store = open(server.url());
  const auto written = put(*store);
  CHECK(code_of(written) == ErrorCode::refused);
  CHECK(message_of(written).find("READONLY") != std::string::npos);
  server.command({"REPLICAOF", "NO", "ONE"});
  CHECK(put(*store).value());
}

TEST_CASE("a name that leads to a new master is followed once the old one says that it is read-only") {
  int writes = 0;
  ScriptedServer server([&](const std::string&) {
    return Answer{.bytes = ++writes == 1 ? "-READONLY You can't write against a read only replica.\r\n" : "+OK\r\n"};
  });
  CHECK(put(*open(server.url())).value());
  CHECK(server.connections() == 2);
}

TEST_CASE("a server without memory refuses to write, and still reads, removes and lists") {
  RedisServer server;
  const auto store = open(server.url());
  REQUIRE(put(*store));
  server.command({"CONFIG", "SET", "maxmemory", "1"});
  CHECK(code_of(put(*store, "b")) == ErrorCode::refused);
  CHECK(get(*store).value() == "1");
  CHECK(visit_all(*store).has_value());
  CHECK(store->remove(std::vector<std::string>{"a"}, Deadline::never()).value() == 1);
}

TEST_CASE("a server that cannot save refuses to write") {
  RedisServer server({.arguments = {"--enable-protected-configs", "local"}});
  const auto doomed = server.directory() / "doomed";
  std::filesystem::create_directory(doomed);
  REQUIRE(server.command({"CONFIG", "SET", "dir", doomed.string()}) == "OK");
  REQUIRE(server.command({"CONFIG", "SET", "save", "3600 1"}) == "OK");
  std::filesystem::remove(doomed);
  server.command({"BGSAVE"});
  while (server.command({"INFO", "persistence"}).find("rdb_last_bgsave_status:err") == std::string::npos) continue;
  const auto written = put(*open(server.url()));
  CHECK(code_of(written) == ErrorCode::refused);
  CHECK(message_of(written).find("MISCONF") != std::string::npos);
}

TEST_CASE("a master without the replicas that it needs refuses to write") {
  RedisServer server({.arguments = {"--min-replicas-to-write", "1"}});
  CHECK(code_of(put(*open(server.url()))) == ErrorCode::refused);
}

TEST_CASE("a server that is busy with a script is unavailable") {
  RedisServer server({.arguments = {"--busy-reply-threshold", "1"}});
  const auto store = open(server.url());
  REQUIRE(put(*store));
  server.send({"EVAL", "while true do end", "0"});
  while (store->ping(Deadline::never())) continue;
  CHECK(code_of(get(*store)) == ErrorCode::unavailable);
}

TEST_CASE("a server that has too many clients is unavailable and says so") {
  RedisServer server({.arguments = {"--maxclients", "1"}});
  const auto result = get(*open(server.url()));
  CHECK(code_of(result) == ErrorCode::unavailable);
  CHECK(message_of(result).find("max number of clients") != std::string::npos);
}

TEST_CASE("a replica that has lost its master is unavailable") {
  RedisServer server({.arguments = {"--replicaof", "127.0.0.1 1", "--replica-serve-stale-data", "no"}});
  CHECK(code_of(get(*open(server.url()))) == ErrorCode::unavailable);
}

TEST_CASE("a server that is still loading is waited for") {
  RedisServer server;
  server.command({"DEBUG", "POPULATE", "300"});
  server.command({"SET", "a", "1"});
  REQUIRE(server.command({"SAVE"}) == "OK");
  server.restart({"--key-load-delay", "1000", "--loading-process-events-interval-bytes", "1024"});
  REQUIRE(server.command({"GET", "a"}).starts_with("-LOADING"));
  CHECK(get(*open(server.url())).value() == "1");
}

TEST_CASE("a server that is still loading is not waited for beyond the deadline") {
  ScriptedServer server([](const std::string&) { return Answer{.bytes = "-LOADING Redis is loading\r\n"}; });
  const auto store = open(server.url());
  CHECK(code_of(store->get("a", Deadline::after(500ms))) == ErrorCode::unavailable);
  CHECK(server.commands().size() > 1);
  CHECK(code_of(store->ping(Deadline::after(500ms))) == ErrorCode::unavailable);
}

TEST_CASE("missing and wrong credentials are refused, and right ones accepted") {
  RedisServer server({.arguments = {"--requirepass", "secret"}, .password = "secret"});
  const std::string address = "127.0.0.1:" + std::to_string(server.port());
  CHECK(message_of(get(*open("redis://" + address))).find("NOAUTH") != std::string::npos);
  CHECK(code_of(get(*open("redis://" + address))) == ErrorCode::refused);
  CHECK(code_of(get(*open("redis://:wrong@" + address))) == ErrorCode::refused);
  CHECK(code_of(get(*open("redis://nobody:secret@" + address))) == ErrorCode::refused);
  CHECK(get(*open("redis://:secret@" + address)).has_value());
  CHECK(get(*open("redis://default:secret@" + address)).has_value());
  auto options = patient();
  options.redis.password = "secret";
  CHECK(get(*open("redis://:wrong@" + address, options)).has_value());
}

TEST_CASE("a password that the server does not ask for is worth a warning") {
  RedisServer server;
  Events events;
  auto options = patient();
  options.on_event = events.handler();
  CHECK(put(*open("redis://:secret@127.0.0.1:" + std::to_string(server.port()), options)).value());
  CHECK(events.names() == std::vector<std::string>{"store.password_not_needed"});
}

TEST_CASE("a right that the user lacks is named, and the rights of the manual are enough") {
  RedisServer server;
  const std::string address = "127.0.0.1:" + std::to_string(server.port());
  SECTION("no right to read") {
    server.command({"ACL", "SETUSER", "alice", "on", ">secret", "~llmcache:*", "+set"});
    const auto store = open("redis://alice:secret@" + address);
    CHECK(code_of(get(*store, "llmcache:a")) == ErrorCode::refused);
    CHECK(message_of(get(*store, "llmcache:a")).find("'get' command") != std::string::npos);
  }
  SECTION("no right to the name") {
    server.command({"ACL", "SETUSER", "alice", "on", ">secret", "~llmcache:*", "+get"});
    const auto result = get(*open("redis://alice:secret@" + address), "other:a");
    CHECK(code_of(result) == ErrorCode::refused);
    CHECK(message_of(result).find("NOPERM") != std::string::npos);
  }
  SECTION("the least rights") {
    server.command({"ACL", "SETUSER", "alice", "on", ">secret", "~llmcache:*", "+get", "+set", "+unlink", "+scan",
                    "+strlen", "+getrange", "+pttl", "+ping"});
    const auto store = open("redis://alice:secret@" + address);
    CHECK(put(*store, "llmcache:a").value());
    CHECK(put(*store, "llmcache:large", std::string(2 << 20, 'v')).value());
    CHECK(get(*store, "llmcache:a").value() == "1");
    std::size_t seen = 0;
    const auto count = [&](const Listing&) -> Result<bool> { return ++seen > 0; };
    CHECK(store->scan("llmcache:", 10, count, Deadline::never()).has_value());
    CHECK(seen == 2);
    CHECK(store->remove(std::vector<std::string>{"llmcache:a"}, Deadline::never()).value() == 1);
    CHECK(store->ping(Deadline::never()).has_value());
  }
}

TEST_CASE("a server that cannot prove who it is gets nothing") {
  const support::TemporaryDirectory directory;
  const auto right = directory.path() / "right";
  support::make_certificates(right);
  const auto connect = [&](const std::filesystem::path& certificates, TlsOptions tls) {
    RedisServer server({.tls = true, .certificates = certificates});
    auto options = patient();
    options.redis.tls = std::move(tls);
    return put(*open(server.url(), options));
  };
  SECTION("an authority that we do not know") {
    support::make_certificates(directory.path() / "other");
    CHECK(code_of(connect(directory.path() / "other", {.ca_file = right / "ca.crt"})) == ErrorCode::refused);
    CHECK(code_of(connect(directory.path() / "other", {})) == ErrorCode::refused);
  }
  SECTION("a certificate for another address") {
    const auto other = directory.path() / "other";
    support::make_certificates(other, "DNS:localhost,IP:127.0.0.2");
    CHECK(code_of(connect(other, {.ca_file = other / "ca.crt"})) == ErrorCode::refused);
    CHECK(connect(other, {.ca_file = other / "ca.crt", .server_name = "localhost"}).has_value());
    CHECK(code_of(connect(other, {.ca_file = other / "ca.crt", .server_name = "example.org"})) == ErrorCode::refused);
  }
  SECTION("a certificate that has expired") {
    const auto old = directory.path() / "old";
    support::make_certificates(old, "IP:127.0.0.1", -1);
    const auto result = connect(old, {.ca_file = old / "ca.crt"});
    CHECK(code_of(result) == ErrorCode::refused);
    CHECK(message_of(result).find("expired") != std::string::npos);
    CHECK(connect(old, {.insecure = true}).has_value());
  }
}

TEST_CASE("a TLS connection is used again like any other") {
  const support::TemporaryDirectory directory;
  support::make_certificates(directory.path());
  RedisServer server({.tls = true, .certificates = directory.path()});
  auto options = patient();
  options.redis.tls.ca_file = directory.path() / "ca.crt";
  const auto store = open(server.url(), options);
  const auto connections = [&] {
    const std::string stats = server.command({"INFO", "stats"});
    return stats.substr(0, stats.find("total_commands_processed"));
  };
  REQUIRE(put(*store));
  const auto before = connections();
  for (int i = 0; i < 5; ++i) CHECK(get(*store).value() == "1");
  CHECK(connections() == before);
}

TEST_CASE("TLS files that cannot be used are an error of the configuration, before anything is sent") {
  const auto opened = [](TlsOptions tls) {
    StoreOptions options;
    options.redis.tls = std::move(tls);
    return open_store(StoreUrl::parse("rediss://127.0.0.1").value(), options);
  };
  CHECK(code_of(opened({.ca_file = "/nowhere/ca.crt"})) == ErrorCode::invalid);
  CHECK(code_of(opened({.ca_directory = "/nowhere"})) == ErrorCode::invalid);
  CHECK(code_of(opened({.certificate = "/nowhere/client.crt"})) == ErrorCode::invalid);
  CHECK(code_of(opened({.ciphers = "NO-SUCH-CIPHER"})) == ErrorCode::invalid);
}

TEST_CASE("a server that asks for the client's certificate is shown it") {
  const support::TemporaryDirectory directory;
  support::make_certificates(directory.path());
  RedisServer server({.arguments = {"--tls-auth-clients", "yes"}, .tls = true, .certificates = directory.path()});
  auto options = patient();
  options.redis.tls.ca_file = directory.path() / "ca.crt";
  CHECK(code_of(put(*open(server.url(), options))) == ErrorCode::refused);
  options.redis.tls.certificate = directory.path() / "client.crt";
  options.redis.tls.key = directory.path() / "client.key";
  CHECK(put(*open(server.url(), options)).value());
}

TEST_CASE("a value larger than the server takes is not sent") {
  RedisServer server({.arguments = {"--proto-max-bulk-len", "1mb"}});
  const auto store = open(server.url());
  CHECK(put(*store, "a", std::string(1 << 20, 'v')).value());
  CHECK(code_of(put(*store, "b", std::string((1 << 20) + 1, 'v'))) == ErrorCode::policy);
  CHECK(server.command({"INFO", "commandstats"}).find("cmdstat_set:calls=1,") != std::string::npos);
}

TEST_CASE("something else at a name of ours is refused when read, and no entry when listed") {
  RedisServer server;
  server.command({"LPUSH", "a", "1"});
  const auto store = open(server.url());
  CHECK(code_of(get(*store)) == ErrorCode::refused);
  std::size_t seen = 0;
  CHECK(store->scan("a", 10, [&](const Listing&) -> Result<bool> { return ++seen > 0; }, Deadline::never()));
  CHECK(seen == 0);
}

TEST_CASE("a server without UNLINK is told DEL") {
  ScriptedServer server([](const std::string& command) {
    return Answer{.bytes = command.starts_with("UNLINK") ? "-ERR unknown command 'UNLINK'\r\n" : ":1\r\n"};
  });
  const auto store = open(server.url());
  CHECK(store->remove(std::vector<std::string>{"a"}, Deadline::never()).value() == 1);
  CHECK(store->remove(std::vector<std::string>{"b"}, Deadline::never()).value() == 1);
  CHECK(server.commands() == std::vector<std::string>{"UNLINK a", "DEL a", "DEL b"});
}

TEST_CASE("a dead server is tried a few times and then left alone until its pause is over") {
  const support::LoopbackServer dead([](int) {});
  Events events;
  auto options = patient();
  options.on_event = events.handler();
  options.redis.breaker_failures = 3;
  options.redis.breaker_pause = 1h;
  const auto store = open("redis://127.0.0.1:" + std::to_string(dead.port()), options);
  for (int i = 0; i < 100; ++i) CHECK(code_of(get(*store)) == ErrorCode::unavailable);
  CHECK(dead.connections() == 6);  // each of three calls tried twice
  CHECK(events.names() == std::vector<std::string>{"store.unavailable"});
}

TEST_CASE("a cluster or sentinels that say nothing at all are left alone until the pause is over") {
  const support::LoopbackServer silent(say_nothing);
  const std::string address = "127.0.0.1:" + std::to_string(silent.port());
  auto options = patient();
  options.redis.connect_timeout = 50ms;
  options.redis.operation_timeout = 100ms;
  for (const auto& url : {"redis+cluster://" + address, "redis+sentinel://" + address + "/main"}) {
    INFO(url);
    options.redis.breaker_pause = 1h;
    const auto store = open(url, options);
    CHECK(code_of(get(*store)) == ErrorCode::timeout);
    const auto connections = silent.connections();
    for (int i = 0; i < 100; ++i) CHECK(code_of(get(*store)) == ErrorCode::unavailable);
    CHECK(silent.connections() == connections);
    options.redis.breaker_pause = 0ms;
    const auto hopeful = open(url, options);
    CHECK(code_of(get(*hopeful)) == ErrorCode::timeout);
    CHECK(code_of(get(*hopeful)) == ErrorCode::timeout);
  }
}

TEST_CASE("a server that is back is used again after the pause") {
  RedisServer server;
  Events events;
  auto options = patient();
  options.on_event = events.handler();
  options.redis.breaker_failures = 1;
  options.redis.breaker_pause = 0ms;
  const auto store = open(server.url(), options);
  server.kill();
  CHECK(code_of(get(*store)) == ErrorCode::unavailable);
  server.restart();
  CHECK(get(*store).value() == std::nullopt);
  CHECK(events.names() == std::vector<std::string>{"store.unavailable", "store.available"});
}
