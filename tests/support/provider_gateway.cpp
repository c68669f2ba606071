#include "support/provider_gateway.h"

#include <nlohmann/json.hpp>

namespace support {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kData = "data: ";

void add_extra_fields(Json& answer, std::size_t index) {
  const std::string model = answer["model"];
  const std::size_t slash = model.find('/');
  answer["model"] = model.substr(slash + 1);
  answer["extra_fields"] = {{"provider", model.substr(0, slash)},
                            {"model_params", Json::object()},
                            {"chunk_index", index},
                            {"raw_response", nullptr}};
}

}  // namespace

void pass_through_gateway(std::vector<std::string>& pieces) {
  std::vector<Json> answers;
  bool is_stream = false;
  bool done = false;
  for (const std::string& piece : pieces) {
    const bool is_event = piece.starts_with(kData);
    is_stream = is_stream || is_event;
    Json answer = Json::parse(is_event ? piece.substr(kData.size()) : piece, nullptr, false);
    done = done || answer.is_discarded();  // [DONE]
    if (!answer.is_object()) continue;
    if (answer["choices"].empty()) {
      answers.back()["usage"] = answer["usage"];
    } else {
      answers.push_back(std::move(answer));
    }
  }
  pieces.clear();
  for (std::size_t i = 0; i < answers.size(); ++i) {
    add_extra_fields(answers[i], i);
    pieces.push_back(is_stream ? std::string(kData) + answers[i].dump() + "\n\n" : answers[i].dump());
  }
  if (done) pieces.emplace_back("data: [DONE]\n\n");
}

}  // namespace support
