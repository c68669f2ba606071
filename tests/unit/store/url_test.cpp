#include <libcache/store_url.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace libcache;
using Kind = StoreUrl::Kind;
using Hosts = std::vector<StoreUrl::Host>;

namespace {

StoreUrl parsed(std::string_view text) {
  const auto url = StoreUrl::parse(text);
  INFO(text << (url ? "" : ": " + url.error().message));
  REQUIRE(url.has_value());
  return *url;
}

}  // namespace

TEST_CASE("sqlite: is followed by the path of a file, or by nothing for the default file") {
  CHECK(parsed("sqlite:").kind == Kind::sqlite);
  CHECK(parsed("sqlite:").path.empty());
  CHECK(parsed("sqlite:/var/a b%20@c:d/cache.db").path == "/var/a b%20@c:d/cache.db");
  CHECK(parsed("sqlite:relative.db?read_only=1").path == "relative.db");
  CHECK(parsed("sqlite:///var/cache.db").path == "///var/cache.db");
  for (const auto* url : {"sqlite://relative.db", "dir://fixtures", "sqlite://"}) {
    CHECK_FALSE(StoreUrl::parse(url).has_value());
  }
  CHECK(parsed("sqlite:relative.db?read_only=1").read_only);
  CHECK_FALSE(parsed("sqlite:relative.db?read_only=0").read_only);
}

TEST_CASE("dir: names a directory") {
  CHECK(parsed("dir:tests/fixtures").kind == Kind::dir);
  CHECK(parsed("dir:tests/fixtures").path == "tests/fixtures");
  CHECK(parsed("dir:/a?read_only=1").read_only);
  CHECK(parsed("dir:/a?read_only=1").redacted() == "dir:/a?read_only=1");
  CHECK_FALSE(StoreUrl::parse("dir:"));
}

TEST_CASE("memory: is a store of this process") {
  CHECK(parsed("memory:").kind == Kind::memory);
  CHECK(parsed("memory:?read_only=1").read_only);
}

TEST_CASE("redis:// names one server, with defaults for all but the host") {
  const auto plain = parsed("redis://cache.example");
  CHECK(plain.kind == Kind::redis);
  CHECK_FALSE(plain.tls);
  CHECK(plain.hosts == Hosts{{"cache.example", 6379}});
  CHECK(plain.user.empty());
  CHECK(plain.password == std::nullopt);
  CHECK(plain.database == 0);
  CHECK_FALSE(plain.read_only);

  const auto full = parsed("rediss://alice:s3cret@10.0.0.1:7000/12?read_only=1");
  CHECK(full.kind == Kind::redis);
  CHECK(full.tls);
  CHECK(full.hosts == Hosts{{"10.0.0.1", 7000}});
  CHECK(full.user == "alice");
  CHECK(full.password == "s3cret");
  CHECK(full.database == 12);
  CHECK(full.read_only);

  CHECK(parsed("redis://host/").database == 0);
  CHECK(parsed("redis://host?db=3").database == 3);
}

TEST_CASE("a cluster may be read from its replicas") {
  CHECK_FALSE(parsed("redis+cluster://host").read_from_replicas);
  CHECK_FALSE(parsed("redis+cluster://host?read_from=masters").read_from_replicas);
  const auto url = parsed("redis+cluster://host?read_from=replicas&read_only=1");
  CHECK(url.read_from_replicas);
  CHECK(url.redacted() == "redis+cluster://host:6379?read_from=replicas&read_only=1");
  CHECK_FALSE(StoreUrl::parse("redis://host?read_from=replicas").has_value());
  CHECK_FALSE(StoreUrl::parse("redis+cluster://host?read_from=all").has_value());
}

TEST_CASE("an IPv6 address is written in brackets") {
  CHECK(parsed("redis://[::1]").hosts == Hosts{{"::1", 6379}});
  CHECK(parsed("redis://u:p@[2001:db8::7]:7000/1").hosts == Hosts{{"2001:db8::7", 7000}});
  CHECK(parsed("redis+cluster://[::1]:1,b:2,[::2]").hosts == Hosts{{"::1", 1}, {"b", 2}, {"::2", 6379}});
}

TEST_CASE("user and password are percent-decoded") {
  const auto url = parsed("redis://al%69ce%40home:p%3a%2F%40%25w%00@host");
  CHECK(url.user == "alice@home");
  CHECK(url.password == std::string("p:/@%w\0", 7));
  CHECK(parsed("redis://:secret@host").user.empty());
  CHECK(parsed("redis://:secret@host").password == "secret");
  CHECK(parsed("redis://alice@host").password == std::nullopt);
  CHECK(parsed("redis://alice:@host").password == "");
  CHECK(parsed("redis://:a:b@c@host").password == "a:b@c");
}

TEST_CASE("redis+unix:// names a socket") {
  const auto url = parsed("redis+unix:///run/a b@c/redis.sock?db=1&read_only=1");
  CHECK(url.kind == Kind::redis_unix);
  CHECK(url.path == "/run/a b@c/redis.sock");
  CHECK(url.database == 1);
  CHECK(url.read_only);
  CHECK(url.hosts.empty());
  CHECK(parsed("redis+unix://alice:pw@/run/redis.sock").password == "pw");
}

TEST_CASE("clusters and sentinels are lists of hosts") {
  const auto cluster = parsed("rediss+cluster://u:p@h1:1,h2,h3:3");
  CHECK(cluster.kind == Kind::redis_cluster);
  CHECK(cluster.tls);
  CHECK(cluster.hosts == Hosts{{"h1", 1}, {"h2", 6379}, {"h3", 3}});
  CHECK(parsed("redis+cluster://h1/0").database == 0);

  const auto sentinel = parsed("redis+sentinel://:p@h1,h2:2/my-master.1/4");
  CHECK(sentinel.kind == Kind::redis_sentinel);
  CHECK(sentinel.hosts == Hosts{{"h1", 26379}, {"h2", 2}});
  CHECK(sentinel.master_name == "my-master.1");
  CHECK(sentinel.database == 4);
  CHECK(parsed("rediss+sentinel://h1/m").tls);
}

TEST_CASE("schemes may begin with valkey instead of redis") {
  CHECK(parsed("valkey://h").kind == Kind::redis);
  CHECK(parsed("valkeys://h").tls);
  CHECK(parsed("valkey+unix:///s").kind == Kind::redis_unix);
  CHECK(parsed("valkey+cluster://h").kind == Kind::redis_cluster);
  CHECK(parsed("valkeys+cluster://h").tls);
  CHECK(parsed("valkey+sentinel://h/m").kind == Kind::redis_sentinel);
  CHECK(parsed("valkeys+sentinel://h/m").tls);
}

TEST_CASE("an invalid store URL is refused") {
  const std::string text = GENERATE(
      "", "cache.db", "/cache.db", "http://host", "redis:", "redis:host", "redis://", "redis://:6379", "redis://u:p@",
      "redis://host:", "redis://host:0", "redis://host:65536", "redis://host:6379x", "redis://host:-1",
      "redis://host:+1", "redis://host/x", "redis://host/-1", "redis://host/1/2", "redis://host/99999999999",
      "redis://h1,h2", "redis://a b", "redis://::1", "redis://[::1", "redis://[::1]6379", "redis://[host]",
      "redis://h\xc3\xa4st", "redis://host?", "redis://host?x=1", "redis://host?db", "redis://host?db=x",
      "redis://host?read_only", "redis://host?read_only=yes", "redis://host?db=1&", "redis://%zz@host",
      "redis://:%4@host", "redis://:%@host", "redis://:%+1@host", "redis+unix://", "redis+unix:///",
      "redis+unix://host/sock", "rediss+unix:///sock", "redis+cluster://", "redis+cluster://a,,b", "redis+cluster://a,",
      "redis+cluster://a/1", "redis+cluster://a?db=1", "redis+sentinel://a", "redis+sentinel://a/",
      "redis+sentinel://a/m/x", "redis+sentinel://a/m m", "REDIS://host", "valkeyss://host", "memory", "memory:x",
      "memory:?db=1", "sqlite", "sqlite:a?db=1", "sqlite:a?immutable=1");
  INFO(text);
  const auto url = StoreUrl::parse(text);
  REQUIRE_FALSE(url.has_value());
  CHECK(url.error().code == ErrorCode::invalid);
}

TEST_CASE("a store URL with a NUL byte is refused") {
  CHECK_FALSE(StoreUrl::parse(std::string_view("sqlite:a\0b", 10)).has_value());
}

TEST_CASE("no error about a URL shows its password, however badly it is written") {
  const std::string text = GENERATE(
      "redis://u:hunter2@", "redis://u:hunter2@h:x", "redis://u:hunter2@h?x=1", "redis://u:hunter2@h/x",
      "redis://:hun/ter2hunter2@h", "redis://:hunter2?hunter2@h", "redis://:hunter2#hunter2@h:y", "http://u:hunter2@h",
      "u:hunter2@h", ":hunter2@h", "hunter2@h", "redis://hunter2%@h", "redis://u:%zzhunter2@h", "redis:/u:hunter2@h",
      "redis+cluster://u:hunter2@h1,u:hunter2@h2:x", "redis+sentinel://u:hunter2@h", "redis+unix://u:hunter2@x/y",
      "redis://u:1/hunter2@h", "redis://u:1?db=hunter2@h", "redis://u:1?hunter2=@h", "u:hunter2://@h", "hunter2@x://y",
      "redis://u:hunter2", "redis://:hunter2/0", "redis://u:hunter2/0", "redis://u:x/hunter2",
      "redis+cluster://h:1,u:hunter2", "redis://u:7hunter2", "redis://u:7hunter2/1", "redis://u:65536hunter2?db=1",
      "redis+cluster://h:1,u:7hunter2", "redis:u:7hunter2", "redis://h?password=hunter2", "redis://h?db=1&auth=hunter2",
      "redis://h:1?hunter=hunter2&db=x", "sqlite:a?password=hunter2", "memory:?key=hunter2");
  const auto url = StoreUrl::parse(text);
  INFO(text);
  REQUIRE_FALSE(url.has_value());
  INFO(url.error().message);
  CHECK(url.error().message.find("hunter2") == std::string::npos);
}

TEST_CASE("a server is remote unless it is a socket, localhost or a loopback address") {
  for (const auto* text : {"redis://localhost", "redis://127.0.0.1", "redis://[::1]", "redis+unix:///a", "sqlite:a",
                           "memory:", "redis+cluster://127.0.0.1,localhost"}) {
    CHECK_FALSE(parsed(text).is_remote());
  }
  for (const auto* text : {"redis://host", "redis://10.0.0.1", "redis+sentinel://localhost,host/main"}) {
    CHECK(parsed(text).is_remote());
  }
}

TEST_CASE("a redacted URL hides the password and nothing else") {
  CHECK(parsed("redis://alice:s3cret@host/2").redacted() == "redis://alice:***@host:6379/2");
  CHECK(parsed("rediss://:s3cret@[::1]:7000").redacted() == "rediss://:***@[::1]:7000");
  CHECK(parsed("redis://a%40b:x@host?read_only=1").redacted() == "redis://a%40b:***@host:6379?read_only=1");
}

TEST_CASE("a redacted URL without a password names the same store") {
  const std::string text =
      GENERATE("sqlite:", "sqlite:/a/b.db", "sqlite:b.db?read_only=1", "memory:", "memory:?read_only=1",
               "redis://host:6379", "redis://alice@host:1/2?read_only=1", "redis+unix:///s?db=1&read_only=1",
               "redis+unix:///s", "rediss+cluster://a:1,[::2]:2", "redis+sentinel://a:1,b:2/m/3", "rediss://h:1");
  CHECK(parsed(text).redacted() == text);
}
