#include "store/redis/flight_names.h"

#include "store/redis/wire/slots.h"

namespace libcache::internal::redis {

namespace {

constexpr std::string_view kLeaseSuffix = "_lease";

bool has_hash_tag(std::string_view name) {
  const auto open = name.find('{');
  const auto close = name.find('}', open == std::string_view::npos ? open : open + 1);
  return close != std::string_view::npos && close > open + 1;
}

// `entry` followed by `suffix`, and by digits that put the name in the slot of `entry`.
std::string name_in_slot_of(std::string_view entry, std::string_view suffix) {
  const std::string name = std::string(entry).append(suffix);
  if (has_hash_tag(entry)) return name;
  if (entry.find_first_of("{}") == std::string_view::npos) return name + "{" + std::string(entry) + "}";
  // Any hash tag would begin or end at a brace of the entry's name. Without one the whole name is hashed, so a number
  // is appended that leads to the right slot; about one in 16,384 does.
  const auto slot = slot_of(entry);
  for (unsigned number = 0;; ++number) {
    std::string numbered = name + "_" + std::to_string(number);
    if (slot_of(numbered) == slot) return numbered;
  }
}

}  // namespace

FlightNames::FlightNames(std::string_view entry, std::string_view token)
    : lease(name_in_slot_of(entry, kLeaseSuffix)),
      live(name_in_slot_of(entry, std::string("_live_").append(token))),
      followed(name_in_slot_of(entry, std::string("_followed_").append(token))) {}

bool is_lease_name(std::string_view name) {
  for (auto at = name.find(kLeaseSuffix); at != std::string_view::npos; at = name.find(kLeaseSuffix, at + 1)) {
    if (name == name_in_slot_of(name.substr(0, at), kLeaseSuffix)) return true;
  }
  return false;
}

std::string_view token_in(std::string_view lease) {
  return lease.substr(0, lease.find(' '));
}

}  // namespace libcache::internal::redis
