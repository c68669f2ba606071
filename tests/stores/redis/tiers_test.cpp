#include <libcache/open.h>
#include <signal.h>

#include <catch2/catch_test_macros.hpp>
#include <vector>

#include "stores/redis/support.h"
#include "support/redis_server.h"

using namespace libcache;
using namespace libcache::test;
using namespace std::chrono_literals;

TEST_CASE("a near store in front of a Redis keeps what it has read for the time that Redis reports") {
  support::RedisServer server;
  server.command({"SET", "brief", "1", "PX", "60000"});
  server.command({"SET", "lasting", "2"});
  auto options = patient();
  auto now = system_now();
  options.clock = [&] { return now; };
  for (const std::string read_only : {"", "?read_only=1"}) {
    const std::vector<StoreUrl> urls = {StoreUrl::parse("memory:").value(),
                                        StoreUrl::parse(server.url() + read_only).value()};
    const auto store = open_stores(urls, options).value();
    CHECK(try_get(*store, "brief").value() == "1");
    CHECK(try_get(*store, "lasting").value() == "2");
    server.send_signal(SIGSTOP);  // from now on only the near store answers
    CHECK(try_get(*store, "brief").value() == "1");
    CHECK(try_get(*store, "lasting").value() == "2");
    now += 61s;
    CHECK_FALSE(store->get("brief", Deadline::after(0ms)).has_value());
    CHECK(try_get(*store, "lasting").value() == "2");
    now -= 61s;
    server.send_signal(SIGCONT);
  }
}
