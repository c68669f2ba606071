#include "stores/conformance.h"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <set>
#include <thread>
#include <vector>

#include "stores/verbs.h"
#include "support/sanitizers.h"

namespace libcache::test {
namespace {

using namespace std::chrono_literals;

void check_values(const StoreUnderTest& under_test) {
  auto& store = *under_test.store;

  SECTION("a name that was never written is nothing, and neither an error") {
    CHECK(get(store, "absent") == std::nullopt);
    CHECK(names(store, "").empty());
    CHECK(remove(store, {"absent"}) == 0);
  }
  SECTION("a value is read back exactly, and a later one takes its place") {
    CHECK(put(store, "a", "first"));
    CHECK(get(store, "a") == "first");
    CHECK(put(store, "a", "the second, which is longer"));
    CHECK(get(store, "a") == "the second, which is longer");
    CHECK(put(store, "a", "3"));
    CHECK(get(store, "a") == "3");
    CHECK(names(store, "") == Names{"a"});
  }
  SECTION("a put that was prepared for is like any other") {
    store.prepare_put(soon());
    CHECK(put(store, "a", "1"));
    store.prepare_put(soon());
    CHECK(put(store, "a", "2"));
    CHECK(get(store, "a") == "2");
  }
  SECTION("an empty value is a value") {
    CHECK(put(store, "empty", ""));
    CHECK(get(store, "empty") == "");
    const auto listings = list(store, "", 10);
    REQUIRE(listings.size() == 1);
    CHECK(listings[0].size == 0);
    CHECK(listings[0].head.empty());
  }
  SECTION("a value of several megabytes with every byte in it survives, and so does its head") {
    std::string value;
    for (std::size_t i = 0; i < 5'000'011; ++i) value += static_cast<char>(i * i / 251);
    value[0] = value[1] = '\0';
    CHECK(put(store, "large", value));
    const bool same = get(store, "large") == value;
    CHECK(same);
    const auto listings = list(store, "large", 300);
    REQUIRE(listings.size() == 1);
    CHECK(listings[0].size == value.size());
    CHECK(listings[0].head == value.substr(0, 300));
  }
  SECTION("values that were removed are gone, and only those that were there are counted") {
    put(store, "a", "1");
    put(store, "b", "2");
    put(store, "c", "3");
    CHECK(remove(store, {"a", "absent", "c", "a"}) == 2);
    CHECK(names(store, "") == Names{"b"});
    CHECK(get(store, "a") == std::nullopt);
    CHECK(remove(store, {}) == 0);
    CHECK(put(store, "a", "again"));
    CHECK(get(store, "a") == "again");
  }
  SECTION("only_new leaves a value that is there, and writes where there is none") {
    CHECK(put(store, "a", "first", {.only_new = true}));
    CHECK_FALSE(put(store, "a", "second", {.only_new = true}));
    CHECK(get(store, "a") == "first");
    remove(store, {"a"});
    CHECK(put(store, "a", "third", {.only_new = true}));
    CHECK(get(store, "a") == "third");
  }
  SECTION("a store that works answers a ping") {
    CHECK(store.ping(soon()).has_value());
  }
}

void check_expiry(const StoreUnderTest& under_test) {
  auto& store = *under_test.store;
  const PutOptions for_a_minute{.expires = under_test.now() + 60s};

  SECTION("a value is there until it expires and never afterwards") {
    put(store, "brief", "value", for_a_minute);
    put(store, "lasting", "value");
    CHECK(get(store, "brief") == "value");
    under_test.advance(30s);
    CHECK(get(store, "brief") == "value");
    under_test.advance(31s);
    CHECK(get(store, "brief") == std::nullopt);
    CHECK(names(store, "") == Names{"lasting"});
    CHECK(remove(store, {"brief", "lasting"}) == 1);
  }
  SECTION("a scan reports when a value expires") {
    put(store, "brief", "value", for_a_minute);
    put(store, "lasting", "value");
    const auto listings = list(store, "");
    REQUIRE(listings.size() == 2);
    REQUIRE(listings[0].expires.has_value());
    CHECK(*listings[0].expires <= *for_a_minute.expires + 1s);
    CHECK(*listings[0].expires >= *for_a_minute.expires - 1s);
    CHECK(listings[1].expires == std::nullopt);
  }
  SECTION("only_new writes over a value that has expired") {
    put(store, "a", "old", for_a_minute);
    under_test.advance(61s);
    CHECK(put(store, "a", "new", {.only_new = true}));
    CHECK(get(store, "a") == "new");
  }
  SECTION("a later put decides on expiry, whatever an earlier one said") {
    put(store, "a", "1", for_a_minute);
    put(store, "a", "2");
    put(store, "b", "1");
    put(store, "b", "2", for_a_minute);
    under_test.advance(61s);
    CHECK(names(store, "") == Names{"a"});
  }
  SECTION("a value that has expired when it is written is not there") {
    put(store, "a", "old");
    put(store, "a", "new", {.expires = under_test.now() - 1s});
    CHECK(get(store, "a") == std::nullopt);
  }
}

void check_names(const StoreUnderTest& under_test) {
  auto& store = *under_test.store;

  SECTION("no character in a prefix is special") {
    const Names all = {"pre*:1", "pre?:1", "pre[x]:1", "pre\\:1", "pre\\[x]:1", "pre%:1",
                       "pre_:1", "prex:1", "pre:1",    "prexx:1", "PREX:1",     "pre'\";:1"};
    for (const auto& name : all) put(store, name, name);
    for (const std::string prefix :
         {"pre*:", "pre?:", "pre[x]:", "pre\\:", "pre\\[x]:", "pre%:", "pre_:", "prex:", "PREX:", "pre'\";:"}) {
      INFO(prefix);
      CHECK(names(store, prefix) == Names{prefix + "1"});
    }
    CHECK(names(store, "pre").size() == all.size() - 1);
    CHECK(names(store, "").size() == all.size());
    CHECK(names(store, "other").empty());
    CHECK(remove(store, {"pre*:1", "pre?:1"}) == 2);
    CHECK(names(store, "").size() == all.size() - 2);
  }
  SECTION("names are compared as bytes, with high bytes, spaces and line ends like any others") {
    const Names all = {"\x80",  "\xc3\xa9",  "\xfe",          "\xff",       "\xff\xff", "\xff\xff\x01",
                       "a\xff", "a\xff\xff", "a\xff\xff\xff", "a b\nc\r\n", "b",        std::string("nul\0name", 8)};
    for (const auto& name : all) put(store, name, name);
    for (const auto& name : all) CHECK(get(store, name) == name);
    CHECK(names(store, "\xff") == Names{"\xff", "\xff\xff", "\xff\xff\x01"});
    CHECK(names(store, "\xff\xff") == Names{"\xff\xff", "\xff\xff\x01"});
    CHECK(names(store, "a\xff") == Names{"a\xff", "a\xff\xff", "a\xff\xff\xff"});
    CHECK(names(store, "a\xff\xff") == Names{"a\xff\xff", "a\xff\xff\xff"});
    CHECK(names(store, std::string_view("nul\0", 4)).size() == 1);
    CHECK(remove(store, all) == all.size());
  }
  SECTION("a name may be long") {
    const std::string name(1000, 'n');
    put(store, name, "1");
    put(store, name + "x", "2");
    CHECK(get(store, name) == "1");
    CHECK(names(store, name) == Names{name, name + "x"});
  }
}

void put_many(Store& store, int count) {
  for (int i = 0; i < count; ++i) put(store, "many:" + std::to_string(i), "value " + std::to_string(i));
}

void check_scans(const StoreUnderTest& under_test) {
  auto& store = *under_test.store;
  constexpr int kMany = kSanitized ? 600 : 1200;  // more than any store reads at once

  SECTION("a scan shows each name once, with its size and the head that was asked for") {
    put_many(store, kMany);
    put(store, "other", "x");
    std::set<std::string> seen;
    for (const auto& listing : list(store, "many:", 3)) {
      seen.insert(listing.name);
      CHECK(listing.head == "val");
      CHECK(listing.size == 1 + listing.name.size());
    }
    CHECK(seen.size() == kMany);
    CHECK(list(store, "many:").size() == kMany);
  }
  SECTION("the visitor may remove the shown values, and still sees all others") {
    put_many(store, kMany);
    int shown = 0;
    const auto scanned = store.scan(
        "many:", 0,
        [&](const ScanRow& listing) -> Result<bool> {
          ++shown;
          CHECK(remove(store, {listing.name}) == 1);
          CHECK(get(store, listing.name) == std::nullopt);
          return true;
        },
        Deadline::never());
    CHECK(scanned.has_value());
    CHECK(shown == kMany);
    CHECK(names(store, "").empty());
  }
  SECTION("the visitor ends the scan by returning false") {
    put_many(store, 20);
    int shown = 0;
    const auto scanned = store.scan("", 0, [&](const ScanRow&) -> Result<bool> { return ++shown < 3; }, soon());
    CHECK(scanned.has_value());
    CHECK(shown == 3);
  }
  SECTION("an error of the visitor ends the scan and is the scan's") {
    put_many(store, 20);
    int shown = 0;
    const auto visit = [&](const ScanRow&) -> Result<bool> {
      ++shown;
      return fail(ErrorCode::policy, "enough");
    };
    const auto scanned = store.scan("", 0, visit, soon());
    REQUIRE_FALSE(scanned.has_value());
    CHECK(scanned.error().code == ErrorCode::policy);
    CHECK(scanned.error().message == "enough");
    CHECK(shown == 1);
  }
}

void check_rows(const StoreUnderTest& under_test) {
  auto& store = *under_test.store;

  SECTION("look_up returns the row that a scan shows for exactly this name") {
    put(store, "a", "value", {.expires = under_test.now() + 60s});
    put(store, "ab", "another");
    const auto row = required(store.look_up("a", 3, soon()));
    REQUIRE(row);
    CHECK(row->name == "a");
    CHECK(row->size == 5);
    CHECK(row->head == "val");
    CHECK(row->expires.has_value());
    CHECK(required(store.look_up("ab", 0, soon()))->head.empty());
    CHECK(required(store.look_up("b", 3, soon())) == std::nullopt);
  }
  SECTION("many values are read and written in one call") {
    const auto expires = under_test.now() + 60s;
    const std::vector<NamedValue> values = {{"a", "1"}, {"b", ""}};
    REQUIRE(store.put_all(values, expires, soon()));
    const auto found = required(store.get_all(Names{"b", "absent", "a"}, soon()));
    REQUIRE(found.size() == 3);
    CHECK(found[0]->bytes.empty());
    CHECK_FALSE(found[1]);
    CHECK(found[2]->bytes == "1");
    CHECK(found[2]->expires.has_value());
    CHECK(required(store.get_all(Names{}, soon())).empty());
  }
  SECTION("values are removed only if they are still as they were listed") {
    const PutOptions brief{.expires = under_test.now() + 60s};
    const PutOptions longer{.expires = under_test.now() + 120s};
    for (const char* name : {"kept", "resized", "rewritten", "renewed", "removed"}) put(store, name, "value 1", brief);
    const auto rows = list(store, "", 7);
    put(store, "resized", "value 12", brief);
    put(store, "rewritten", "value 2", brief);
    put(store, "renewed", "value 1", longer);
    remove(store, {"removed"});
    const auto removed = required(store.remove_unchanged(rows, soon()));
    CHECK(removed.values == 1);
    CHECK(removed.bytes == 7);
    CHECK(names(store, "") == Names{"renewed", "resized", "rewritten"});
    CHECK(required(store.remove_unchanged({}, soon())).values == 0);
  }
}

void check_deadlines(const StoreUnderTest& under_test) {
  auto& store = *under_test.store;
  put(store, "a", "1");
  const auto past = Deadline::after(-1ms);
  const auto timed_out = [](const auto& result) { return !result && result.error().code == ErrorCode::timeout; };

  SECTION("every verb fails with a timeout when its deadline has passed, and does nothing") {
    CHECK(timed_out(store.get("a", past)));
    CHECK(timed_out(store.put("a", "2", {}, past)));
    CHECK(timed_out(store.remove(Names{"a"}, past)));
    CHECK(timed_out(store.ping(past)));
    const auto visit = [](const ScanRow&) -> Result<bool> { return true; };
    CHECK(timed_out(store.scan("", 0, visit, past)));
    CHECK(get(store, "a") == "1");
  }
  SECTION("a deadline that never passes is one") {
    CHECK(store.get("a", Deadline::never()).value() == "1");
    CHECK(store.put("a", "2", {}, Deadline::never()).value());
    CHECK(store.remove(Names{"a"}, Deadline::never()).value() == 1);
  }
}

// A value whose bytes prove that it is whole.
std::string value_of(int thread, int round) {
  return std::string(100 + 3000 * (round % 3), static_cast<char>('a' + thread));
}

bool is_whole(const std::optional<std::string>& value) {
  return !value || (value->size() % 3000 == 100 && value->find_first_not_of(value->front()) == std::string::npos);
}

void check_threads(const StoreUnderTest& under_test) {
  auto& store = *under_test.store;

  SECTION("threads may use one store at once: values are never torn, and a thread's own values are never lost") {
    constexpr int kThreads = 8;
    constexpr int kRounds = 40;
    std::vector<std::string> problems(kThreads);
    const auto work = [&](int thread) {
      const auto own = "own:" + std::to_string(thread);
      for (int round = 0; round < kRounds && problems[thread].empty(); ++round) {
        const auto value = value_of(thread, round);
        if (!store.put(own, value, {}, soon())) problems[thread] = "a put failed";
        if (!store.put("shared", value, {}, soon())) problems[thread] = "a put of a shared name failed";
        const auto shared = store.get("shared", soon());
        if (!shared || !is_whole(*shared)) problems[thread] = "a shared value was torn or missing";
        const auto mine = store.get(own, soon());
        if (!mine || *mine != value) problems[thread] = "a thread's own value was lost";
        if (round % 8 == 0 && !store.remove(Names{"shared"}, soon())) problems[thread] = "a remove failed";
      }
    };
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) threads.emplace_back(work, thread);
    for (auto& thread : threads) thread.join();
    CHECK(problems == std::vector<std::string>(kThreads));
    CHECK(names(store, "own:").size() == kThreads);
  }
}

}  // namespace

void check_conformance(const std::function<StoreUnderTest()>& make) {
  const auto under_test = make();
  check_values(under_test);
  check_expiry(under_test);
  check_names(under_test);
  check_scans(under_test);
  check_rows(under_test);
  check_deadlines(under_test);
  check_threads(under_test);
}

}  // namespace libcache::test
