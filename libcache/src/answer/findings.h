// The facts that were found in an answer so far.
#pragma once

#include <libcache/entry.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "text/json/value.h"

namespace libcache::internal {

struct Findings {
  Metadata metadata;
  std::map<std::int64_t, bool> choices;  // those seen, by index, and whether each has finished
  bool has_finish_reasons = false;       // whether any choice had a finish reason, if only null
  std::string unfinished_body;           // why a whole body among several is not finished; empty: all are
  std::optional<bool> ended;             // whether the answer says that it ended; nullopt: it does not say
  bool may_end = false;                  // an end marker would make the answer complete
  bool done_marker = false;              // [DONE], or an event of this meaning
  std::string error;                     // the failure that the provider reports, for people; empty: none

  void set_model(JsonValue model);
  // Reads the token counts of an object, under the names that any provider has for them.
  void read_usage(JsonValue usage);
  // An answer of several choices keeps each reason once: "stop,length". A reason that means failure is an error.
  void add_finish_reason(std::string_view reason);
  // Records whether a choice continues or has ended, and for which reason.
  void add_choice(std::int64_t index, std::string_view finish_reason);
  // Keeps the first error, with the code that `value` holds but without the provider's own words: they may repeat the
  // request.
  void add_error(JsonValue value);
  void add_error(std::string_view code);
  // A message about the first choice that has not finished; empty if every choice has.
  std::string describe_open_choice(std::string_view choice, std::string_view finish_reason) const;
};

}  // namespace libcache::internal
