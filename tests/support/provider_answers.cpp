#include "support/provider_answers.h"

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "support/provider_gateway.h"

namespace support {
namespace {

constexpr const char* kEventStream = "text/event-stream; charset=utf-8";

std::vector<std::string> stream_pieces(Protocol protocol, const std::string& model, const Scenario& scenario) {
  auto events = answer_events(protocol, model, scenario.chunks);
  auto pieces = std::move(events.opening);
  pieces.insert(pieces.end(), events.words.begin(), events.words.end());
  if (scenario.fault == Scenario::Fault::error_event)
    pieces.push_back(error_event(protocol, "The server had an error"));
  else if (scenario.fault != Scenario::Fault::unfinished)
    pieces.insert(pieces.end(), events.closing.begin(), events.closing.end());
  return pieces;
}

// Cuts after each `separator`; the rest after the last one is a piece too.
std::vector<std::string> split_behind(std::string_view text, std::string_view separator) {
  std::vector<std::string> pieces;
  while (!text.empty()) {
    const auto found = text.find(separator);
    const auto size = found == std::string_view::npos ? text.size() : found + separator.size();
    pieces.emplace_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return pieces;
}

}  // namespace

HttpAnswer make_answer(Protocol protocol, const std::string& request, const Scenario& scenario) {
  const auto json = nlohmann::json::parse(request, nullptr, false);
  if (!json.is_object()) return {400, "application/json", {error_body(protocol, "The body is not a JSON object")}};
  switch (scenario.fault) {
    case Scenario::Fault::status_429:
      return {429, "application/json", {error_body(protocol, "Rate limit reached")}};
    case Scenario::Fault::status_500:
      return {500, "application/json", {error_body(protocol, "The server had an error")}};
    case Scenario::Fault::error_body:
      return {200, "application/json", {error_body(protocol, "The server had an error")}};
    default:
      break;
  }
  const auto model = json.value("model", "local-model");
  HttpAnswer answer{200, "application/json", {}};
  if (json.value("stream", false)) {
    answer = {200, kEventStream, stream_pieces(protocol, model, scenario)};
  } else {
    answer.pieces = {answer_body(protocol, model, scenario.chunks)};
  }
  if (scenario.gateway) pass_through_gateway(answer.pieces);
  return answer;
}

std::optional<HttpAnswer> file_answer(const std::filesystem::path& file) {
  std::ifstream input(file, std::ios::binary);
  if (!input) return std::nullopt;
  const std::string bytes(std::istreambuf_iterator<char>(input), {});
  if (file.extension() == ".ndjson") return HttpAnswer{200, "application/x-ndjson", split_behind(bytes, "\n")};
  if (file.extension() != ".sse") return HttpAnswer{200, "application/json", {bytes}};
  const bool crlf = bytes.find("\r\n\r\n") != std::string::npos;
  return HttpAnswer{200, kEventStream, split_behind(bytes, crlf ? "\r\n\r\n" : "\n\n")};
}

}  // namespace support
