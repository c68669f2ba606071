#include "bench/requests.h"

#include <nlohmann/json.hpp>
#include <random>
#include <string_view>

namespace bench {

namespace {

using nlohmann::ordered_json;

constexpr std::string_view kTexts[] = {
    "You are a careful assistant. Answer in one paragraph, name your sources, and say so when you do not know. Never "
    "invent an interface; where the question is about code, show the smallest program that answers it.",
    "My build fails since this morning:\n\n```cpp\nint main() {\n  std::printf(\"%s\\n\", \"hello\");\n  return "
    "0;\n}\n```\n"
    "The compiler says \"no member named 'printf' in namespace 'std'\". What is missing?",
    "You use std::printf without its header. Add `#include <cstdio>` at the top of the file; other headers may bring "
    "it "
    "in, but nothing promises that they do, which is why it compiled until this morning.",
    "Danke schön! Und wie schreibe ich das für größere Dateien – etwa 50 GB – ohne alles in den Speicher zu laden? "
    "我想逐行读取文件。 Merci d'avance 🙂",
    "Summarise the following minutes in five points. The committee met on Tuesday to discuss the budget for the coming "
    "year, the state of the roof, and the petition of the residents of Mill Lane about the traffic on market days.",
};

ordered_json tool(std::string_view name) {
  return {{"type", "function"},
          {"function",
           {{"name", name},
            {"description", "Looks up the current weather at a place, in the unit asked for."},
            {"parameters",
             {{"type", "object"},
              {"properties",
               {{"location", {{"type", "string"}, {"description", "The city and country, e.g. Paris, France"}}},
                {"unit", {{"type", "string"}, {"enum", {"celsius", "fahrenheit"}}}},
                {"days", {{"type", "integer"}, {"minimum", 1}, {"maximum", 14}}}}},
              {"required", {"location"}},
              {"additionalProperties", false}}}}}};
}

// Words in an order that a compressor cannot predict.
std::string prose(std::size_t size, unsigned seed) {
  static constexpr const char* kWords[] = {"the ",    "cache ",  "answers ", "a ",         "request ",   "that ",
                                           "was ",    "asked ",  "before, ", "without ",   "calling ",   "its ",
                                           "model ",  "again; ", "naïve ",   "\"exact\" ", "matching\n", "is ",
                                           "enough ", "— and ",  "cheap. ",  "Tokens ",    "cost ",      "time "};
  std::minstd_rand random(seed);
  std::string text;
  while (text.size() < size) text += kWords[random() % std::size(kWords)];
  return text;
}

}  // namespace

std::string chat_request(std::size_t size, unsigned number) {
  ordered_json request = {{"model", "openai/gpt-4o-mini"},
                          {"stream", false},
                          {"temperature", 0.7},
                          {"top_p", 0.95},
                          {"max_tokens", 1024},
                          {"presence_penalty", 0.0},
                          {"seed", 20240607 + number},
                          {"n", 1},
                          {"user", "team-a/worker"},
                          {"stop", {"\n\n", "User:"}}};
  request["tools"].push_back(tool("get_weather"));
  request["messages"] = ordered_json::array();
  std::size_t written = request.dump().size();
  for (std::size_t turn = 0; written < size; ++turn) {
    const std::string_view role = turn == 0 ? "system" : turn % 2 == 1 ? "user" : "assistant";
    const std::string_view text = kTexts[turn % std::size(kTexts)];
    const ordered_json message = {{"role", role}, {"content", text}};
    written += message.dump().size() + 1;
    request["messages"].push_back(message);
  }
  return request.dump();
}

std::string chat_answer(std::size_t size, unsigned number) {
  const ordered_json message = {{"role", "assistant"}, {"content", prose(size, number + 1)}};
  return ordered_json{{"id", "chatcmpl-" + std::to_string(number)},
                      {"object", "chat.completion"},
                      {"model", "gpt-4o-mini-2024-07-18"},
                      {"choices", {{{"index", 0}, {"message", message}, {"finish_reason", "stop"}}}},
                      {"usage", {{"prompt_tokens", 512}, {"completion_tokens", size / 5}}}}
      .dump();
}

std::vector<std::string> chat_events(std::size_t words) {
  const auto event = [](ordered_json delta, ordered_json finish_reason) {
    const ordered_json choice = {
        {"index", 0}, {"delta", std::move(delta)}, {"finish_reason", std::move(finish_reason)}};
    const ordered_json chunk = {{"id", "chatcmpl-B9x1"},
                                {"object", "chat.completion.chunk"},
                                {"created", 1763769600},
                                {"model", "gpt-4o-mini-2024-07-18"},
                                {"system_fingerprint", "fp_560af6e559"},
                                {"choices", {choice}}};
    return "data: " + chunk.dump() + "\n\n";
  };
  const std::string text = prose(words * 12, 1);
  std::vector<std::string> events;
  for (std::size_t begin = 0, end = 0; events.size() + 2 < words; begin = end) {
    end = std::min(text.find(' ', begin + 1), text.size());
    events.push_back(event({{"content", text.substr(begin, end - begin)}}, nullptr));
  }
  events.push_back(event(ordered_json::object(), "stop"));
  events.emplace_back("data: [DONE]\n\n");
  return events;
}

}  // namespace bench
