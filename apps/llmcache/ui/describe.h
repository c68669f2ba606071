// An entry's metadata as JSON, the same in get --meta, show and ls --json.
#pragma once

#include <libcache/entry.h>

#include <nlohmann/json.hpp>

namespace llmcache {

// RFC 3339 in UTC, with milliseconds.
std::string format_time(libcache::UnixTime time);

// What `head` says; absent members are left out. `now` gives the age and the time left.
nlohmann::ordered_json describe(const libcache::EntryHead& head, libcache::UnixTime now);
libcache::EntryHead head_of(const libcache::Entry& entry);

// Whether the entry says when it was created.
bool is_dated(const libcache::EntryHead& head);
// A duration, or "-".
std::string age(const libcache::EntryHead& head, libcache::UnixTime now);
// "expired", "never" or a duration.
std::string time_left(const libcache::EntryHead& head, libcache::UnixTime now);

}  // namespace llmcache
