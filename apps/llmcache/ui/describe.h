// An entry's metadata as JSON: the same in get --meta, show and ls --json.
#pragma once

#include <libcache/entry.h>
#include <libcache/key.h>

#include <string>
#include <string_view>

#include "ui/json_line.h"

namespace llmcache {

// RFC 3339 in UTC, with milliseconds.
std::string format_time(libcache::UnixTime time);

// The session in an entry's name; empty if the name does not begin with the options' prefix.
std::string_view session_of(const libcache::EntryName& name, const libcache::KeyOptions& options);
// A name and, if it is the name of an entry, its session, hash and sample.
Json::Members describe_name(std::string_view name, const libcache::KeyOptions& options);

// Only the members that the head has. The age and the time left are those at `now`.
Json::Members describe(const libcache::EntryHead& head, libcache::UnixTime now);
libcache::EntryHead head_of(const libcache::Entry& entry);

// Whether the entry has a creation time.
bool is_dated(const libcache::EntryHead& head);
// A duration, or "-".
std::string age(const libcache::EntryHead& head, libcache::UnixTime now);
// "expired", "never" or a duration.
std::string time_left(const libcache::EntryHead& head, libcache::UnixTime now);

}  // namespace llmcache
