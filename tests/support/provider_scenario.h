// The behaviour of the local provider for one answer, from the query of the URL (provider.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>

namespace support {

struct Scenario {
  enum class Fault { none, status_429, status_500, error_body, error_event, cut, unfinished };
  Fault fault = Fault::none;
  int chunks = 8;
  std::chrono::milliseconds wait{0};
  std::chrono::milliseconds delay{0};
  std::optional<std::size_t> cut_at;
  bool gateway = false;

  // Nothing for an unknown query.
  static std::optional<Scenario> parse(const std::multimap<std::string, std::string>& query);
};

}  // namespace support
