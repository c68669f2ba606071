#include "support/provider_gateway.h"

#include <nlohmann/json.hpp>

namespace support {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kData = "data: ";

// Events without content that the gateway counts but does not pass on.
bool is_dropped(const Json& event) {
  if (event.contains("error") || event.contains("usage")) return false;
  const Json choices = event.value("choices", Json::array());
  return choices.empty() || choices[0].value("delta", Json::object()).contains("reasoning");
}

// An answer or an event as the gateway passes it on.
std::string passed_on(Json answer, std::size_t index) {
  if (answer.contains("error")) return answer.dump();
  if (answer["choices"].empty()) answer.erase("choices");
  const std::string model = answer["model"];
  const std::size_t slash = model.find('/');
  answer["model"] = model.substr(slash + 1);
  answer["extra_fields"] = {{"provider", model.substr(0, slash)},
                            {"model_params", Json::object()},
                            {"chunk_index", index},
                            {"raw_response", nullptr}};
  return answer.dump();
}

}  // namespace

void pass_through_gateway(std::vector<std::string>& pieces) {
  std::vector<std::string> passed;
  std::size_t index = 0;
  for (const std::string& piece : pieces) {
    const bool is_event = piece.starts_with(kData);
    const Json answer = Json::parse(is_event ? piece.substr(kData.size()) : piece, nullptr, false);
    if (!answer.is_object()) {
      passed.push_back(piece);  // [DONE]
    } else if (!is_event) {
      passed.push_back(passed_on(answer, 0));
    } else {
      if (!is_dropped(answer)) passed.push_back(std::string(kData) + passed_on(answer, index) + "\n\n");
      ++index;
    }
  }
  pieces = std::move(passed);
}

}  // namespace support
