#include <catch2/catch_test_macros.hpp>

#include "stores/conformance.h"
#include "support/fake_clock.h"
#include "support/temporary_directory.h"

using namespace libcache;
using namespace std::chrono_literals;
using support::TemporaryDirectory;
using test::FakeClock;

TEST_CASE("the SQLite store keeps the contract of every store") {
  test::check_conformance([] {
    FakeClock clock;
    const auto directory = std::make_shared<TemporaryDirectory>();
    StoreUrl url;
    url.path = directory->path() / "cache" / "cache.db";
    return test::StoreUnderTest{
        .surroundings = directory,
        .store = open_store(url, {.clock = clock.clock()}).value(),
        .now = clock.clock(),
        .advance = [clock](Milliseconds time) mutable { clock.advance(time); },
    };
  });
}
