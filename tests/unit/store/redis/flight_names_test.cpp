#include "store/redis/flight_names.h"

#include <catch2/catch_test_macros.hpp>
#include <set>

#include "store/redis/wire/slots.h"

using namespace libcache;
using namespace libcache::internal;
using redis::FlightNames;
using redis::is_lease_name;
using redis::slot_of;

namespace {

// With hash tags, without, and with every sort of brace that is not a hash tag.
const std::string kEntries[] = {"a",          "llmcache:team_0123456789abcdef",
                                "x{tag}y",    "{tag}",
                                "x{a}{b}",    "x{{a}}",
                                "open{brace", "open{{braces",
                                "{",          "close}brace",
                                "}",          "empty{}tag",
                                "{}",         "{}{a}",
                                "}{",         "}a{b",
                                "a_lease",    "a_lease{a}",
                                "a{_lease",   std::string("nul\0{", 5)};

}  // namespace

TEST_CASE("the keys of a flight lie in the slot of its entry and begin with its name") {
  for (const std::string& entry : kEntries) {
    INFO(entry);
    const FlightNames names(entry, "0123456789abcdef");
    for (const auto& name : {names.lease, names.live, names.followed}) {
      CHECK(slot_of(name) == slot_of(entry));
      CHECK(name.starts_with(entry));
    }
  }
}

TEST_CASE("the keys of different flights differ") {
  std::set<std::string> leases;
  for (const std::string& entry : kEntries) {
    const FlightNames names(entry, "one");
    const FlightNames others(entry, "two");
    CHECK(names.lease == others.lease);
    CHECK(names.live != others.live);
    CHECK(names.followed != others.followed);
    CHECK(leases.insert(names.lease).second);
  }
}

TEST_CASE("the name of a lease distinguishes it from an entry") {
  for (const std::string& entry : kEntries) {
    INFO(entry);
    CHECK(is_lease_name(FlightNames(entry, "token").lease));
    CHECK(is_lease_name(entry) == (entry == "a_lease{a}"));
  }
  CHECK_FALSE(is_lease_name("a_lease{b}"));
  CHECK_FALSE(is_lease_name("x{tag}_lease_stream"));
  CHECK_FALSE(is_lease_name("open{brace_lease_0_"));
}
