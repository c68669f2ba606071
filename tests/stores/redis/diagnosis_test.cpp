// Diagnoses of servers that are as they should be, and of servers that are not.
#include <libcache/diagnosis.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "stores/findings.h"
#include "stores/redis/support.h"
#include "support/certificates.h"
#include "support/redis_cluster.h"
#include "support/redis_sentinels.h"
#include "support/redis_server.h"
#include "support/scripted_server.h"

using namespace libcache;
using namespace libcache::test;
using namespace std::chrono_literals;
using support::RedisServer;
using support::ScriptedReply;
using Grade = Finding::Grade;

namespace {

// A server without anything to complain about.
support::RedisOptions healthy() {
  return {.arguments = {"--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"}};
}

std::vector<Finding> diagnosis_of(const std::string& url, const StoreOptions& options = patient(),
                                  const std::string& prefix = "llmcache:") {
  const auto store = open(url, options);
  return store->diagnose({.prefix = prefix}, Deadline::after(60s));
}

}  // namespace

TEST_CASE("a healthy server passes every check and is not changed") {
  RedisServer server(healthy());
  const auto findings = diagnosis_of(server.url());
  for (const auto* check : {"connection", "tls", "latency", "version", "role", "memory", "clock", "rights"}) {
    INFO(check);
    CHECK(finding_on(findings, check).advice.empty());
  }
  for (const Finding& finding : findings) {
    INFO(finding.check << ": " << finding.message);
    CHECK((finding.grade == Grade::pass || finding.check == "latency"));
  }
  CHECK(server.command({"DBSIZE"}) == "0");
}

TEST_CASE("a server that cannot be reached is one failure, not many") {
  const auto findings = diagnosis_of("redis://127.0.0.1:1");
  CHECK(std::ranges::count(findings, Grade::fail, &Finding::grade) == 1);
  CHECK(finding_on(findings, "connection").grade == Grade::fail);
  RedisServer server({.arguments = {"--requirepass", "right"}, .password = "right"});
  CHECK(contains(finding_on(diagnosis_of(server.url()), "connection").advice, "--password-file"));
}

TEST_CASE("a server that does not speak TLS does not pass the TLS check") {
  RedisServer server;
  StoreOptions options = patient();
  options.redis.connect_timeout = 500ms;  // such a server takes the handshake for an incomplete command and waits
  const auto findings = diagnosis_of("rediss://127.0.0.1:" + std::to_string(server.port()), options);
  CHECK(finding_on(findings, "connection").grade == Grade::fail);
  CHECK(std::ranges::count(findings, "tls", &Finding::check) == 0);
}

TEST_CASE("a connection is graded by whether it is encrypted and verified") {
  const support::TemporaryDirectory directory;
  support::make_certificates(directory.path());
  RedisServer server({.tls = true, .certificates = directory.path()});
  auto options = patient();
  options.redis.tls.ca_file = directory.path() / "ca.crt";
  CHECK(finding_on(diagnosis_of(server.url(), options), "tls").grade == Grade::pass);
  options.redis.tls.insecure = true;
  CHECK(finding_on(diagnosis_of(server.url(), options), "tls").grade == Grade::warn);
  options.redis.connect_timeout = 100ms;
  CHECK(finding_on(diagnosis_of("redis://cache.invalid", options), "tls").grade == Grade::warn);
}

TEST_CASE("memory without limit or eviction is a warning, and a failure once it is full") {
  RedisServer server;
  CHECK(finding_on(diagnosis_of(server.url()), "memory").grade == Grade::warn);
  server.command({"CONFIG", "SET", "maxmemory", "100mb"});
  CHECK(contains(finding_on(diagnosis_of(server.url()), "memory").message, "noeviction"));
  CHECK(finding_on(diagnosis_of(server.url()), "memory").grade == Grade::warn);
  server.command({"CONFIG", "SET", "maxmemory", "1"});
  const auto findings = diagnosis_of(server.url());
  CHECK(finding_on(findings, "memory").grade == Grade::fail);
  CHECK(contains(finding_on(findings, "write").message, "OOM"));
}

TEST_CASE("a replica fails, unless the store is read-only") {
  RedisServer master(healthy());
  RedisServer replica({.arguments = {"--replicaof", "127.0.0.1 " + std::to_string(master.port()), "--maxmemory",
                                     "100mb", "--maxmemory-policy", "allkeys-lru"}});
  CHECK(finding_on(diagnosis_of(replica.url()), "role").grade == Grade::fail);
  const auto findings = diagnosis_of(replica.url() + "?read_only=1");
  CHECK(finding_on(findings, "role").grade == Grade::pass);
  CHECK(finding_on(findings, "rights").grade == Grade::pass);
}

TEST_CASE("missing rights are named, with the command that grants them") {
  RedisServer server(healthy());
  server.command({"ACL", "SETUSER", "alice", "on", ">secret", "~llmcache:*", "+get", "+set", "+scan", "+ping"});
  const std::string url = "redis://alice:secret@127.0.0.1:" + std::to_string(server.port());
  const auto finding = finding_on(diagnosis_of(url), "rights");
  CHECK(finding.grade == Grade::fail);
  CHECK(finding.advice ==
        "ACL SETUSER alice +watch +unwatch +multi +exec +strlen +getrange +pttl +exists +xadd +pexpire +xread +del "
        "+unlink "
        "~llmcache:*");
  CHECK(contains(finding_on(diagnosis_of(url, patient(), "other:"), "rights").advice, "~other:*"));
}

TEST_CASE("a missing right to select the database of the URL is named, with the command that grants it") {
  RedisServer server(healthy());
  server.command({"ACL", "SETUSER", "alice", "on", ">secret", "~llmcache:*", "+@all", "-select"});
  const std::string url = "redis://alice:secret@127.0.0.1:" + std::to_string(server.port());
  const auto finding = finding_on(diagnosis_of(url + "/1"), "connection");
  CHECK(finding.grade == Grade::fail);
  CHECK(finding.advice == "ACL SETUSER alice +select");
  CHECK(finding_on(diagnosis_of(url), "rights").grade == Grade::pass);
  server.command({"ACL", "SETUSER", "alice", "+select"});
  CHECK(contains(finding_on(diagnosis_of(url + "/1"), "rights").message, "+select"));
}

TEST_CASE("a clock that is wrong is a warning, and one that is far off is a failure") {
  RedisServer server(healthy());
  auto options = patient();
  for (const auto& [offset, grade] :
       {std::pair{0s, Grade::pass}, {20s, Grade::warn}, {-20s, Grade::warn}, {2h, Grade::fail}, {-2h, Grade::fail}}) {
    options.clock = [offset] { return system_now() + offset; };
    CHECK(finding_on(diagnosis_of(server.url(), options), "clock").grade == grade);
  }
}

TEST_CASE("names that never expire are counted") {
  RedisServer server(healthy());
  server.command({"SET", "llmcache:a", "1"});
  server.command({"SET", "llmcache:b", "1", "EX", "1000"});
  server.command({"SET", "other", "1"});
  const auto store = open(server.url());
  const auto findings = diagnose_names(*store, "llmcache:", Deadline::after(60s));
  CHECK(contains(finding_on(findings, "names").message, "1 of 2 names under 'llmcache:' never expire"));
}

TEST_CASE("a healthy cluster passes, and one of its servers alone does not") {
  support::RedisCluster cluster;
  const auto findings = diagnosis_of(cluster.url());
  CHECK(finding_on(findings, "cluster").grade == Grade::pass);
  CHECK(finding_on(findings, "rights").grade == Grade::pass);
  CHECK(std::ranges::count(findings, "role", &Finding::check) == support::RedisCluster::kMasters);
  CHECK(finding_on(diagnosis_of(cluster.server(0).url()), "version").grade == Grade::fail);
}

TEST_CASE("a cluster with slots that no server serves fails") {
  support::ScriptedServer server([&](const std::string& command) {
    if (command == "CLUSTER SLOTS") {
      return ScriptedReply{.bytes = "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n" + support::bulk("127.0.0.1") + ":" +
                                    std::to_string(server.port()) + "\r\n"};
    }
    if (command == "CLUSTER INFO") {
      return ScriptedReply{.bytes =
                               support::bulk("cluster_state:fail\r\ncluster_slots_ok:16000\r\ncluster_size:1\r\n")};
    }
    return ScriptedReply{.bytes = "+OK\r\n"};
  });
  const auto finding =
      finding_on(diagnosis_of("redis+cluster://127.0.0.1:" + std::to_string(server.port())), "cluster");
  CHECK(finding.grade == Grade::fail);
  CHECK(contains(finding.message, "16000 of 16384"));
}

TEST_CASE("the master that sentinels name is diagnosed") {
  support::RedisSentinels sentinels;
  const auto findings = diagnosis_of(sentinels.url());
  CHECK(contains(finding_on(findings, "connection").message, std::to_string(sentinels.master().port())));
  CHECK(finding_on(findings, "role").grade == Grade::pass);
}
