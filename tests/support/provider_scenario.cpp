#include "support/provider_scenario.h"

#include <charconv>

namespace support {
namespace {

std::optional<int> parse_number(const std::string& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

std::optional<Scenario::Fault> parse_fault(const std::string& name) {
  static const std::map<std::string, Scenario::Fault> kFaults = {
      {"429", Scenario::Fault::status_429},   {"500", Scenario::Fault::status_500},
      {"error", Scenario::Fault::error_body}, {"error-event", Scenario::Fault::error_event},
      {"cut", Scenario::Fault::cut},          {"unfinished", Scenario::Fault::unfinished}};
  const auto found = kFaults.find(name);
  return found == kFaults.end() ? std::nullopt : std::optional(found->second);
}

bool set(Scenario& scenario, const std::string& name, const std::string& value) {
  if (name == "fail") {
    const auto fault = parse_fault(value);
    if (fault) scenario.fault = *fault;
    return fault.has_value();
  }
  const auto number = parse_number(value);
  if (!number) return false;
  if (name == "chunks")
    scenario.chunks = *number;
  else if (name == "wait_ms")
    scenario.wait = std::chrono::milliseconds(*number);
  else if (name == "delay_ms")
    scenario.delay = std::chrono::milliseconds(*number);
  else if (name == "gateway")
    scenario.gateway = *number != 0;
  else if (name == "cut_at")
    scenario.cut_at = *number;
  else
    return false;
  return true;
}

}  // namespace

std::optional<Scenario> Scenario::parse(const std::multimap<std::string, std::string>& query) {
  Scenario scenario;
  for (const auto& [name, value] : query)
    if (!set(scenario, name, value)) return std::nullopt;
  return scenario;
}

}  // namespace support
