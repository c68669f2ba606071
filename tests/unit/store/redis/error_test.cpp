#include "store/redis/wire/error.h"

#include <catch2/catch_test_macros.hpp>
#include <cerrno>
#include <string>

using namespace libcache;

using namespace libcache::internal;

TEST_CASE("a temporary error reply is unavailable, every other one is refused") {
  for (const std::string text : {
           "LOADING Redis is loading the dataset in memory",
           "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
           "CLUSTERDOWN The cluster is down",
           "CLUSTERDOWN Hash slot not served",
           "CLUSTERDOWN The cluster is down and only accepts read commands",
           "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
           "TRYAGAIN Multiple keys request during rehashing of slot",
           "ERR max number of clients reached",
           "ERR max number of clients + cluster connections reached",
           "MOVED 3999 127.0.0.1:6381",
       }) {
    INFO(text);
    CHECK(redis::code_of_reply(text) == ErrorCode::unavailable);
  }
  for (const std::string text : {
           "NOAUTH Authentication required.",
           "WRONGPASS invalid username-password pair or user is disabled.",
           "NOPERM this user has no permissions to run the 'get' command",
           "READONLY You can't write against a read only replica.",
           "OOM command not allowed when used memory > 'maxmemory'.",
           "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
           "NOREPLICAS Not enough good replicas to write.",
           "WRONGTYPE Operation against a key holding the wrong kind of value",
           "ERR DB index is out of range",
           "BUSYGROUP Consumer Group name already exists",
           "",
       }) {
    INFO(text);
    CHECK(redis::code_of_reply(text) == ErrorCode::refused);
  }
}

TEST_CASE("a value that is too large for the server is a policy error") {
  CHECK(redis::code_of_reply("ERR Protocol error: invalid bulk length") == ErrorCode::policy);
}

TEST_CASE("a system error is unavailable, except for missing permissions and timeouts") {
  CHECK(redis::code_of_errno(ECONNREFUSED) == ErrorCode::unavailable);
  CHECK(redis::code_of_errno(ENOENT) == ErrorCode::unavailable);
  CHECK(redis::code_of_errno(ECONNRESET) == ErrorCode::unavailable);
  CHECK(redis::code_of_errno(EACCES) == ErrorCode::refused);
  CHECK(redis::code_of_errno(ETIMEDOUT) == ErrorCode::timeout);
}

TEST_CASE("an error reply is printed as one short line, without the arguments that it repeats") {
  CHECK(redis::printable("ERR unknown command 'AUTH', with args beginning with: 'alice' 'secret' ") ==
        "ERR unknown command 'AUTH'");
  CHECK(redis::printable("ERR \x1b[31mred\nline") == "ERR ?[31mred?line");
  CHECK(redis::printable(std::string(10'000, 'x')).size() == 200);
}
