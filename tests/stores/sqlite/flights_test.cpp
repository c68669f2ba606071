// What is particular to flights beside a SQLite store: files that the kernel locks.
#include <libcache/flight.h>
#include <sys/stat.h>

#include <catch2/catch_test_macros.hpp>
#include <thread>

#include "stores/sqlite/support.h"
#include "stores/verbs.h"
#include "support/forked.h"
#include "support/temporary_directory.h"

using namespace libcache;
using namespace libcache::test;
using namespace std::chrono_literals;
using support::Forked;
using support::TemporaryDirectory;
namespace fs = std::filesystem;

namespace {

Flight join(Store& store, std::string_view name = "a") {
  return required(store.flights()->join(name, soon()));
}

// A process that leads and appends a piece, and then does nothing more until it is killed.
Forked stuck_leader(const fs::path& file) {
  Forked leader([file](const std::function<void()>& progress) -> std::string {
    const auto store = open_sqlite(file);
    const auto flight = join(*store);
    if (!flight.lease || !flight.lease->append("begun", soon())) return "could not lead";
    progress();
    for (;;) std::this_thread::sleep_for(1h);
  });
  REQUIRE(leader.wait_for_progress());
  return leader;
}

}  // namespace

TEST_CASE("a leader that is killed frees its lease at once, and its followers keep the bytes that it had shared") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache" / "cache.db";
  auto leader = stuck_leader(file);
  const auto store = open_sqlite(file);
  const auto tail = join(*store).tail;
  REQUIRE(tail);
  CHECK(required(tail->read(soon())).bytes == "begun");
  leader.kill();
  CHECK(required(tail->read(soon())).state == FlightState::abandoned);
  const auto next = join(*store);
  REQUIRE(next.lease);
  REQUIRE(next.lease->append("other", soon()).has_value());
  CHECK(required(tail->read(soon())).bytes.empty());
}

TEST_CASE("no files of flights remain, not even those of leaders that were killed") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "cache.db";
  const auto flights = directory.path() / "cache.db-flights";
  stuck_leader(file).kill();
  CHECK(files_in(flights).size() == 1);
  const auto store = open_sqlite(file);
  join(*store, "another name").lease.reset();
  CHECK(files_in(flights).empty());
}

TEST_CASE("flights are private, and refuse a directory that others could use") {
  const TemporaryDirectory directory;
  const auto flights = directory.path() / "cache.db-flights";
  const auto store = open_sqlite(directory.path() / "cache.db");
  const auto mask = umask(0);
  {
    const auto flight = join(*store);
    CHECK(mode_of(flights) == 0700);
    for (const auto& name : files_in(flights)) CHECK(mode_of(flights / name) == 0600);
  }
  umask(mask);
  fs::permissions(flights, fs::perms::all);
  const auto refused = store->flights()->join("a", soon());
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::refused);
}

TEST_CASE("a flight shares no more than 64 MiB of a value, and its followers learn the whole size") {
  const TemporaryDirectory directory;
  const auto store = open_sqlite(directory.path() / "cache.db");
  auto leader = join(*store);
  REQUIRE(leader.lease);
  const auto follower = join(*store);
  REQUIRE(follower.tail);
  constexpr std::size_t kMost = 64 << 20;
  const std::string piece(kMost / 4, 'x');
  for (int i = 0; i < 4; ++i) REQUIRE(leader.lease->append(piece, soon()));
  const auto refused = leader.lease->append("y", soon());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::refused);
  REQUIRE(leader.lease->end(FlightState::stored, kMost + 1, soon()));
  std::size_t seen = 0;
  for (;;) {
    const auto news = required(follower.tail->read(soon()));
    seen += news.bytes.size();
    if (news.state == FlightState::flying) continue;
    CHECK(news.size == kMost + 1);
    break;
  }
  CHECK(seen == kMost);
}
