// The answers of the local provider, as the pieces that it sends one by one.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "support/provider_formats.h"
#include "support/provider_scenario.h"

namespace support {

struct HttpAnswer {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::string> pieces;
};

// The answer to a request body. Faults that only streams can have need a streaming request.
HttpAnswer make_answer(Protocol protocol, const std::string& request, const Scenario& scenario);

// A file as an answer; nothing if it cannot be read.
std::optional<HttpAnswer> file_answer(const std::filesystem::path& file);

}  // namespace support
