// Connecting to Redis: passwords, TLS, and warnings.
#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "cli/terminal_session.h"
#include "support/certificates.h"
#include "support/redis_server.h"

using llmcache::test::contains;
using llmcache::test::kPatient;
using llmcache::test::TerminalSession;
using support::RedisServer;

namespace {

constexpr const char* kPut = "echo '{}' > request.json; echo '{\"a\":1}' | llmcache put request.json ";

}  // namespace

TEST_CASE("the password comes from a flag, a variable or a file, in this order") {
  const TerminalSession shell;
  RedisServer server({.arguments = {"--requirepass", "right"}, .password = "right"});
  shell.write("right", "right\nnot this line\n");
  shell.write("wrong", "wrong\n");
  const auto exit_of = [&](const std::string& variables, const std::string& flags) {
    const auto ran = shell.run(kPatient + std::string("export LLMCACHE_STORE=") + server.url() + " " + variables +
                               "; " + kPut + flags);
    INFO(variables << " " << flags << ": " << ran.err);
    CHECK_FALSE(contains(ran.err, "right"));
    return ran.exit;
  };
  CHECK(exit_of("", "") == 5);
  CHECK(exit_of("REDISCLI_AUTH=right", "") == 0);
  CHECK(exit_of("REDISCLI_AUTH=right LLMCACHE_PASSWORD_FILE=wrong", "") == 5);
  CHECK(exit_of("REDISCLI_AUTH=wrong LLMCACHE_PASSWORD_FILE=right", "") == 0);
  CHECK(exit_of("LLMCACHE_PASSWORD_FILE=wrong LLMCACHE_PASSWORD=right", "") == 0);
  CHECK(exit_of("LLMCACHE_PASSWORD=wrong", "--password-command 'cat right'") == 0);
  CHECK(exit_of("LLMCACHE_PASSWORD=wrong", "--password-command 'cat wrong' --password-file right") == 0);
  shell.write(".config/llmcache/config.json", R"({"password_command": ["cat", "right"]})");
  CHECK(exit_of("REDISCLI_AUTH=wrong", "") == 0);
  CHECK(exit_of("LLMCACHE_PASSWORD=wrong", "") == 5);
}

TEST_CASE("a password source that fails is a configuration error, and no shell is involved") {
  const TerminalSession shell;
  const std::string get = "echo '{}' | llmcache get --store redis://127.0.0.1:1 ";
  CHECK(shell.run(get + "--password-file nowhere").exit == 2);
  CHECK(shell.run(get + "--password-command no-such-program").exit == 2);
  CHECK(shell.run(get + "--password-command false").exit == 2);
  CHECK(shell.run(get + "--password-command 'echo secret; touch shell'").exit == 4);
  CHECK(shell.run("test -e shell").exit == 1);
  CHECK(shell.run("echo '{}' | llmcache get --password-file nowhere").exit == 1);  // a file asks for none
}

TEST_CASE("an empty password source is reported as empty") {
  const TerminalSession shell;
  shell.write("empty", "");
  shell.write("blank", "\r\nnot this line\n");
  const auto check = [&](const std::string& source, const std::string& says) {
    const auto ran = shell.run("echo '{}' | llmcache get --store redis://127.0.0.1:1 --password-" + source);
    CHECK(ran.exit == 2);
    CHECK(ran.err == "llmcache: error: password_" + says + "\n");
  };
  check("file empty", "file: the first line of empty is empty");
  check("file blank", "file: the first line of blank is empty");
  check("file /", "file: /: is a directory");
  check("command true", "command: true printed nothing on its first line");
}

TEST_CASE("a password in a URL works, with a warning, and is never shown") {
  const TerminalSession shell;
  RedisServer server({.arguments = {"--requirepass", "s3cret"}, .password = "s3cret"});
  const std::string store = " --store redis://:s3cret@127.0.0.1:" + std::to_string(server.port());
  const auto ran = shell.run(std::string(kPatient) + kPut + store);
  CHECK(ran.exit == 0);
  CHECK(contains(ran.err, "--password-file"));
  CHECK(contains(ran.err, "***"));
  CHECK_FALSE(contains(ran.err, "s3cret"));
  CHECK(shell.run(std::string(kPatient) + kPut + store + " -q").err.empty());
  CHECK(shell.out("LLMCACHE_PASSWORD=s3cret llmcache config get password") == "***\n");
}

TEST_CASE("a remote store with the default prefix and session causes a warning, since everybody shares it") {
  const TerminalSession shell;
  const auto warns = [&](const std::string& options) {
    return contains(shell.run("echo '{}' | llmcache get --connect-timeout 100ms " + options).err, "set --session");
  };
  CHECK(warns("--store redis://cache.invalid"));
  CHECK(warns("--store sqlite: --store redis+cluster://127.0.0.1:1,cache.invalid"));
  CHECK_FALSE(warns("--store redis://cache.invalid --session team"));
  CHECK_FALSE(warns("--store redis://cache.invalid --prefix team:"));
  CHECK_FALSE(warns("--store redis://cache.invalid -q"));
  CHECK_FALSE(warns("--store redis://127.0.0.1:1"));
  CHECK_FALSE(warns("--store redis+unix:///nowhere.sock"));
  CHECK_FALSE(warns(""));
}

TEST_CASE("a server without memory costs a run one warning") {
  const TerminalSession shell;
  RedisServer server;
  server.command({"CONFIG", "SET", "maxmemory", "1"});
  const auto ran = shell.run(kPatient + std::string("echo '{\"model\":\"m\"}' | llmcache run --session s --store ") +
                             server.url() + " -- echo '{\"a\":1}'");
  CHECK(ran.exit == 0);
  CHECK(ran.out == "{\"a\":1}\n");
  INFO(ran.err);
  CHECK(std::ranges::count(ran.err, '\n') == 1);
  CHECK(contains(ran.err, "not stored: "));
}

TEST_CASE("TLS uses the given certificate authority and client certificate") {
  const TerminalSession shell;
  support::make_certificates(shell.home() / "tls");
  RedisServer server({.arguments = {"--tls-auth-clients", "yes"}, .tls = true, .certificates = shell.home() / "tls"});
  const auto exit_of = [&](const std::string& before, const std::string& after) {
    const auto ran = shell.run(std::string(kPatient) + "echo '{}' > request.json; echo '{\"a\":1}' | llmcache " +
                               before + " put request.json --store " + server.url() + " " + after);
    INFO(ran.err);
    return ran.exit;
  };
  const std::string own = "--cacert tls/ca.crt --client-cert tls/client.crt ";
  CHECK(exit_of("", "") == 5);
  CHECK(exit_of("", "--cacert tls/ca.crt") == 5);
  CHECK(exit_of(own + "--client-key tls/client.key", "") == 0);
  CHECK(exit_of("", own + "--client-key tls/client.key --sni localhost") == 0);
  CHECK(exit_of("", own + "--client-key tls/client.key --sni example.org") == 5);
  CHECK(exit_of("", "--insecure --client-cert tls/client.crt --client-key tls/client.key") == 0);
  CHECK(exit_of("", own + "--client-key nowhere") == 2);
  CHECK(exit_of("", "--cacertdir nowhere") == 2);
  shell.out("mkfifo pipe");
  CHECK(exit_of("", "--cacert pipe") == 2);
  CHECK(exit_of("", "--cacert tls/ca.crt --tls-ciphers no-such-cipher") == 2);
  const std::string key = shell.out("llmcache hash request.json");
  const auto got = shell.run(kPatient + std::string("llmcache ") + own + " --client-key tls/client.key --store " +
                             server.url() + " get --key " + key);
  CHECK(got.out == "{\"a\":1}\n");
  CHECK(shell.out(kPatient + std::string("llmcache ls --store ") + server.url() + " " + own +
                  "--client-key tls/client.key | cut -f1") == key);
}

TEST_CASE("TLS settings for a store without TLS cause a warning") {
  const TerminalSession shell;
  const auto ran = shell.run("echo '{}' | llmcache get --store redis://127.0.0.1:1 --insecure");
  CHECK(contains(ran.err, "the TLS settings have no effect"));
}

TEST_CASE("a project's file may not set passwords, TLS or a command") {
  const TerminalSession shell;
  shell.write("project/.llmcache.json", R"({"password_file": "f", "password_command": "touch ran", "cacert": "c",
      "cacertdir": "c", "client_cert": "c", "client_key": "k", "sni": "s", "tls_ciphers": "c", "insecure": true,
      "password": "p", "timeout": "7s"})");
  const auto ran = shell.run("cd project && llmcache config list --origin");
  for (const auto* name : {"password_file", "password_command", "cacert", "cacertdir", "client_cert", "client_key",
                           "sni", "tls_ciphers", "insecure"}) {
    INFO(name);
    CHECK(contains(ran.err, "'" + std::string(name) + "' is ignored"));
  }
  CHECK(contains(ran.err, "'password' cannot be set in a configuration file: use password_file or password_command\n"));
  CHECK(contains(ran.out, "timeout\t7s\t"));
  shell.run("cd project && echo '{}' | llmcache get --store redis://127.0.0.1:1");
  CHECK(shell.run("test -e project/ran").exit == 1);
}
