// One request and what became of it, as the access log and the metrics need it.
#pragma once

#include <libcache/entry.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace llmcache::serve {

enum class Outcome {
  hit,
  miss,        // this request asked the upstream
  followed,    // it received the answer that another request was getting
  not_cached,  // no answer is cached, and the upstream was not to be asked
  bypass,      // passed through, uncached
  own,         // a page of the server's own, or a reply to a browser's preflight
  failed,      // the server answered with an error of its own
};
std::string_view to_string(Outcome outcome);

struct Exchange {
  using Clock = std::chrono::steady_clock;
  std::chrono::system_clock::time_point time = std::chrono::system_clock::now();
  Clock::time_point start = Clock::now();
  std::string method;
  std::string path;  // without the query, which may hold credentials
  int status = 0;
  Outcome outcome = Outcome::own;
  std::string key;
  std::string detail;       // why it was not cached, or which miss it was
  std::uint64_t bytes = 0;  // of the body, as sent
  std::optional<Clock::time_point> first_byte;
  libcache::AnswerCost saved;  // by a hit
  std::string model;
  std::optional<std::int64_t> prompt_tokens;
  std::optional<std::int64_t> completion_tokens;
};

}  // namespace llmcache::serve
