// What `run --lines` prints for one request.
#pragma once

#include <cstdint>
#include <string>

#include "run/ask.h"

namespace llmcache {

struct LineResult {
  std::uint64_t number = 0;  // of the line, from 1 on
  std::string key = {};      // as `hash` prints it; empty for a line that is not a request
  Asked asked = {};
  std::string answer = {};  // or what a COMMAND that failed has printed

  bool is_invalid() const { return key.empty(); }
  bool has_failed() const { return asked.outcome == Asked::Outcome::failed; }
};

// hit, stored, followed, refused, failed or invalid.
std::string_view outcome_of(const LineResult& result);

// A JSON object on one line. An answer that is JSON becomes its member as it is, without white space around its tokens; any other
// answer becomes a string.
std::string to_json_line(const LineResult& result);

}  // namespace llmcache
