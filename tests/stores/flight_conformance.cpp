// The contract of flight.h as tests, the same for every kind of store.
#include <libcache/flight.h>

#include <algorithm>
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
using State = FlightState;

Flight join(Store& store, std::string_view name) {
  auto* flights = store.flights();
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
  SECTION("the first caller leads and the others follow until the flight ends") {
    auto lease = lead(store, "a");
    follow(store, "a");
    follow(store, "a");
    SECTION("because the value is stored") {
      CHECK(lease->end(State::stored, 0, soon()).has_value());
    }
    SECTION("because the value is complete but not stored") {
      CHECK(lease->end(State::complete, 0, soon()).has_value());
    }
    SECTION("because the leader says that there is no value") {
      CHECK(lease->end(State::abandoned, 0, soon()).has_value());
    }
    SECTION("because the leader gives up") {
      lease.reset();
    }
    lead(store, "a");
  }
  SECTION("the lease of a flight that has ended does not disturb the next flight") {
    auto first = lead(store, "a");
    CHECK(first->end(State::stored, 0, soon()).has_value());
    const auto second = lead(store, "a");
    CHECK(first->end(State::abandoned, 0, soon()).has_value());
    first.reset();
    follow(store, "a");
  }
  SECTION("a leader knows whether it has followers") {
    const auto lease = lead(store, "a");
    CHECK_FALSE(required(lease->has_followers(soon())));
    const auto tail = follow(store, "a");
    CHECK(required(tail->read(Deadline::after(1ms))).state == State::flying);
    CHECK(required(lease->has_followers(soon())));
    const auto other = lead(store, "b");
    CHECK_FALSE(required(other->has_followers(soon())));
  }
  SECTION("flights of different names are independent") {
    const std::array names = {"a", "a_lease", "a_live", "b{c}d", "b{c}d_lease{b{c}d}", "b}", "{", "\xff\n"};
    std::vector<std::unique_ptr<Lease>> leases;
    for (const auto* name : names) leases.push_back(lead(store, name));
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto tail = follow(store, names[i]);
      CHECK(required(tail->read(Deadline::after(1ms))).bytes.empty());
      REQUIRE(leases[i]->append(names[i], soon()).has_value());
      CHECK(required(tail->read(soon())).bytes == names[i]);
      REQUIRE(leases[i]->end(State::complete, std::string_view(names[i]).size(), soon()).has_value());
      CHECK(required(tail->read(soon())).state == State::complete);
      lead(store, names[i]);
    }
  }
  SECTION("a new leader learns whether the store holds a value already") {
    CHECK_FALSE(join(store, "a").value_present);
    put(store, "a", "1");
    CHECK(join(store, "a").value_present);
    CHECK(join(store, "b").value_present == false);
  }
  SECTION("a flight is not a value: it is never read, listed or removed") {
    put(store, "a", "1");
    const auto lease = lead(store, "a");
    REQUIRE(lease->append("piece", soon()).has_value());
    CHECK(names(store, "") == Names{"a"});
    CHECK(get(store, "a") == "1");
    CHECK(remove(store, {"a"}) == 1);
    CHECK(required(follow(store, "a")->read(soon())).bytes == "piece");
  }
  SECTION("joining after the deadline is a timeout and leaves no leader") {
    const auto late = store.flights()->join("a", Deadline::after(-1ms));
    REQUIRE_FALSE(late.has_value());
    CHECK(late.error().code == ErrorCode::timeout);
    lead(store, "a");
  }
}

void check_live_tails(Store& store) {
  SECTION("followers see every byte from the first on, whenever they join, and then the end") {
    auto lease = lead(store, "a");
    const auto early = follow(store, "a");
    REQUIRE(lease->append("one,", soon()).has_value());
    CHECK(required(early->read(soon())).bytes == "one,");
    REQUIRE(lease->append("two,", soon()).has_value());
    const auto late = follow(store, "a");
    REQUIRE(lease->append(std::string("nul\0,", 5), soon()).has_value());
    REQUIRE(lease->end(State::stored, 13, soon()).has_value());
    const auto rest = read_all(*early);
    CHECK(rest.bytes == std::string("two,nul\0,", 9));
    CHECK(rest.state == State::stored);
    CHECK(rest.size == 13);
    CHECK(read_all(*late).bytes == std::string("one,two,nul\0,", 13));
  }
  SECTION("one large piece and many small ones arrive completely") {
    auto lease = lead(store, "a");
    const auto tail = follow(store, "a");
    std::string all(1'000'000, 'x');
    REQUIRE(lease->append(all, soon()).has_value());
    for (int i = 0; i < 2000; ++i) {
      const auto piece = std::to_string(i) + ",";
      all += piece;
      REQUIRE(lease->append(piece, soon()).has_value());
    }
    REQUIRE(lease->end(State::stored, all.size(), soon()).has_value());
    const bool same = read_all(*tail).bytes == all;
    CHECK(same);
  }
  SECTION("a value that is complete but not stored reaches its followers with its size") {
    auto lease = lead(store, "a");
    const auto tail = follow(store, "a");
    REQUIRE(lease->append("whole", soon()).has_value());
    REQUIRE(lease->end(State::complete, 5, soon()).has_value());
    const auto all = read_all(*tail);
    CHECK(all.bytes == "whole");
    CHECK(all.state == State::complete);
    CHECK(all.size == 5);
  }
  SECTION("a flight whose leader gives up is abandoned, after the bytes that it had shared") {
    auto lease = lead(store, "a");
    const auto tail = follow(store, "a");
    REQUIRE(lease->append("begun", soon()).has_value());
    lease.reset();
    const auto all = read_all(*tail);
    CHECK(all.bytes == "begun");
    CHECK(all.state == State::abandoned);
    SECTION("and the next flight starts from the beginning") {
      const auto next = lead(store, "a");
      REQUIRE(next->append("other", soon()).has_value());
      CHECK(required(follow(store, "a")->read(soon())).bytes == "other");
    }
  }
  SECTION("a read that reaches its deadline returns nothing, and later reads go on") {
    const auto lease = lead(store, "a");
    const auto tail = follow(store, "a");
    const auto nothing = required(tail->read(Deadline::after(5ms)));
    CHECK(nothing.bytes.empty());
    CHECK(nothing.state == State::flying);
    REQUIRE(lease->append("piece", soon()).has_value());
    CHECK(required(tail->read(soon())).bytes == "piece");
  }
}

void check_many_followers(Store& store) {
  SECTION("a flight with a hundred followers") {
    constexpr int kFollowers = 100;
    auto lease = lead(store, "a");
    std::vector<std::unique_ptr<LiveTail>> tails;
    for (int i = 0; i < kFollowers; ++i) tails.push_back(follow(store, "a"));
    REQUIRE(lease->append("begun", soon()).has_value());
    std::string bytes = "begun";
    State state = State::stored;
    SECTION("gives all of them a value that is stored") {
      REQUIRE(lease->end(state, bytes.size(), soon()).has_value());
    }
    SECTION("gives all of them a value that is complete but refused") {
      REQUIRE(lease->append(",ended", soon()).has_value());
      bytes += ",ended";
      state = State::complete;
      REQUIRE(lease->end(state, bytes.size(), soon()).has_value());
    }
    SECTION("all of them learn that the leader gave up, and one of them leads next") {
      state = State::abandoned;
      lease.reset();
    }
    const auto right = std::ranges::count_if(tails, [&](const auto& tail) {
      const auto all = read_all(*tail);
      return all.bytes == bytes && all.state == state;
    });
    CHECK(right == kFollowers);
    const auto next = lead(store, "a");
    for (int i = 1; i < kFollowers; ++i) follow(store, "a");
  }
}

void check_nesting(Store& store) {
  SECTION("a leader can lead another flight meanwhile") {
    const auto outer = lead(store, "a");
    auto inner = lead(store, "b");
    REQUIRE(inner->append("inner", soon()).has_value());
    REQUIRE(inner->end(State::complete, 5, soon()).has_value());
    REQUIRE(outer->append("outer", soon()).has_value());
    CHECK(required(follow(store, "a")->read(soon())).bytes == "outer");
    lead(store, "b");
  }
  SECTION("a leader that joins its own flight follows it, and does not wait beyond its deadline") {
    auto lease = lead(store, "a");
    const auto own = follow(store, "a");
    CHECK(required(own->read(Deadline::after(5ms))).state == State::flying);
    REQUIRE(lease->append("piece", soon()).has_value());
    CHECK(required(own->read(soon())).bytes == "piece");
    lease.reset();
    CHECK(required(own->read(soon())).state == State::abandoned);
  }
}

void check_races(Store& store) {
  SECTION("of many threads one leads at a time, and every follower sees one whole flight") {
    constexpr int kThreads = 8;
    std::atomic<int> leading{0};
    std::atomic<int> landed{0};
    std::vector<std::string> problems(kThreads);
    const auto work = [&](int thread) {
      auto flight = store.flights()->join("a", soon());
      if (!flight) {
        problems[thread] = flight.error().message;
      } else if (flight->lease) {
        if (++leading != 1) problems[thread] = "two lead at once";
        for (const auto* piece : {"one,", "two,", "three"}) {
          if (!flight->lease->append(piece, soon())) problems[thread] = "a piece could not be appended";
        }
        --leading;
        if (!flight->lease->end(State::stored, 13, soon())) problems[thread] = "the flight could not be ended";
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
        if (state != State::stored || all != "one,two,three") problems[thread] = "followed another flight: " + all;
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
  check_many_followers(*under_test.store);
  check_nesting(*under_test.store);
  check_races(*under_test.store);
}

}  // namespace libcache::test
