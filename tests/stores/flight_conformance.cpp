// The contract of flight.h as tests, the same for every kind of store.
#include <libcache/flight.h>

#include <array>
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <thread>
#include <vector>

#include "stores/conformance.h"
#include "stores/verbs.h"

namespace libcache::test {
namespace {

using namespace std::chrono_literals;
using State = LiveTail::State;

Flight join(Store& store, std::string_view name) {
  auto* flights = flights_of(store);
  REQUIRE(flights != nullptr);
  return required(flights->join(name, soon()));
}

std::unique_ptr<Lease> lead(Store& store, std::string_view name) {
  auto flight = join(store, name);
  REQUIRE(flight.lease);
  REQUIRE_FALSE(flight.tail);
  return std::move(flight.lease);
}

std::unique_ptr<LiveTail> follow(Store& store, std::string_view name) {
  auto flight = join(store, name);
  REQUIRE(flight.tail);
  REQUIRE_FALSE(flight.lease);
  return std::move(flight.tail);
}

// Reads to the flight's end.
LiveTail::News read_all(LiveTail& tail) {
  LiveTail::News all;
  while (all.state == State::flying) {
    auto news = required(tail.read(soon()));
    all.bytes += news.bytes;
    all.state = news.state;
    all.size = news.size;
  }
  return all;
}

void check_leases(Store& store) {
  SECTION("whoever joins first leads, and the others follow until the lead is over") {
    auto lease = lead(store, "a");
    follow(store, "a");
    follow(store, "a");
    SECTION("because the value is there") {
      CHECK(lease->land(0, soon()).has_value());
    }
    SECTION("because the leader gave up") {
      lease.reset();
    }
    lead(store, "a");
  }
  SECTION("a lead that was taken over is not disturbed by the end of the one before") {
    auto first = lead(store, "a");
    CHECK(first->land(0, soon()).has_value());
    const auto second = lead(store, "a");
    first.reset();
    follow(store, "a");
  }
  SECTION("flights of different names have nothing to do with each other") {
    const std::array names = {"a", "a_lease", "a_live", "b{c}d", "b{c}d_lease{b{c}d}", "b}", "{", "\xff\n"};
    std::vector<std::unique_ptr<Lease>> leases;
    for (const auto* name : names) leases.push_back(lead(store, name));
    for (const auto* name : names) follow(store, name);
  }
  SECTION("who leads is told whether the value is there already") {
    CHECK_FALSE(join(store, "a").value_present);
    put(store, "a", "1");
    CHECK(join(store, "a").value_present);
    CHECK(join(store, "b").value_present == false);
  }
  SECTION("a flight is no value: it is not read, listed or removed") {
    put(store, "a", "1");
    const auto lease = lead(store, "a");
    REQUIRE(lease->append("piece", soon()).has_value());
    CHECK(names(store, "") == Names{"a"});
    CHECK(get(store, "a") == "1");
    CHECK(remove(store, {"a"}) == 1);
    CHECK(required(follow(store, "a")->read(soon())).bytes == "piece");
  }
  SECTION("a deadline that has passed is a timeout, and takes no lead") {
    const auto late = flights_of(store)->join("a", Deadline::after(-1ms));
    REQUIRE_FALSE(late.has_value());
    CHECK(late.error().code == ErrorCode::timeout);
    lead(store, "a");
  }
}

void check_live_tails(Store& store) {
  SECTION("followers see every piece from the first on, whenever they come, and then the end") {
    auto lease = lead(store, "a");
    const auto early = follow(store, "a");
    REQUIRE(lease->append("one,", soon()).has_value());
    CHECK(required(early->read(soon())).bytes == "one,");
    REQUIRE(lease->append("two,", soon()).has_value());
    const auto late = follow(store, "a");
    REQUIRE(lease->append(std::string("nul\0,", 5), soon()).has_value());
    REQUIRE(lease->land(13, soon()).has_value());
    const auto rest = read_all(*early);
    CHECK(rest.bytes == std::string("two,nul\0,", 9));
    CHECK(rest.state == State::landed);
    CHECK(rest.size == 13);
    CHECK(read_all(*late).bytes == std::string("one,two,nul\0,", 13));
  }
  SECTION("a large piece and many small ones arrive whole") {
    auto lease = lead(store, "a");
    const auto tail = follow(store, "a");
    std::string all(1'000'000, 'x');
    REQUIRE(lease->append(all, soon()).has_value());
    for (int i = 0; i < 2000; ++i) {
      const auto piece = std::to_string(i) + ",";
      all += piece;
      REQUIRE(lease->append(piece, soon()).has_value());
    }
    REQUIRE(lease->land(all.size(), soon()).has_value());
    const bool same = read_all(*tail).bytes == all;
    CHECK(same);
  }
  SECTION("a flight whose leader gives up is abandoned, with what it had shown until then") {
    auto lease = lead(store, "a");
    const auto tail = follow(store, "a");
    REQUIRE(lease->append("begun", soon()).has_value());
    lease.reset();
    const auto all = read_all(*tail);
    CHECK(all.bytes == "begun");
    CHECK(all.state == State::abandoned);
    SECTION("and the next one begins anew") {
      const auto next = lead(store, "a");
      REQUIRE(next->append("other", soon()).has_value());
      CHECK(required(follow(store, "a")->read(soon())).bytes == "other");
    }
  }
  SECTION("reading ends at its deadline without news, and goes on afterwards") {
    const auto lease = lead(store, "a");
    const auto tail = follow(store, "a");
    const auto nothing = required(tail->read(Deadline::after(5ms)));
    CHECK(nothing.bytes.empty());
    CHECK(nothing.state == State::flying);
    REQUIRE(lease->append("piece", soon()).has_value());
    CHECK(required(tail->read(soon())).bytes == "piece");
  }
}

void check_races(Store& store) {
  SECTION("of many threads one leads at a time, and each that follows sees one whole flight") {
    constexpr int kThreads = 8;
    std::atomic<int> leading{0};
    std::atomic<int> landed{0};
    std::vector<std::string> problems(kThreads);
    const auto work = [&](int thread) {
      auto flight = flights_of(store)->join("a", soon());
      if (!flight) {
        problems[thread] = flight.error().message;
      } else if (flight->lease) {
        if (++leading != 1) problems[thread] = "two lead at once";
        for (const auto* piece : {"one,", "two,", "three"}) {
          if (!flight->lease->append(piece, soon())) problems[thread] = "a piece could not be appended";
        }
        --leading;
        if (!flight->lease->land(13, soon())) problems[thread] = "landing failed";
        ++landed;
      } else {
        std::string all;
        auto state = State::flying;
        while (state == State::flying) {
          const auto news = flight->tail->read(soon());
          if (!news) break;
          all += news->bytes;
          state = news->state;
        }
        if (state != State::landed || all != "one,two,three") problems[thread] = "followed another flight: " + all;
      }
    };
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) threads.emplace_back(work, thread);
    for (auto& thread : threads) thread.join();
    CHECK(problems == std::vector<std::string>(kThreads));
    CHECK(landed >= 1);
  }
}

}  // namespace

void check_flights(const std::function<StoreUnderTest()>& make) {
  const auto under_test = make();
  check_leases(*under_test.store);
  check_live_tails(*under_test.store);
  check_races(*under_test.store);
}

}  // namespace libcache::test
