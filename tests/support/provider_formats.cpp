#include "support/provider_formats.h"

#include <nlohmann/json.hpp>

namespace support {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kCreated = 1763769600;
constexpr int kPromptTokens = 19;

std::string word(int index) {
  return "word" + std::to_string(index) + " ";
}

std::string text(int words) {
  std::string text;
  for (int i = 0; i < words; ++i) text += word(i);
  return text;
}

std::string data_event(const Json& data) {
  return "data: " + data.dump() + "\n\n";
}

std::string named_event(const Json& data) {
  return "event: " + data.at("type").get<std::string>() + "\n" + data_event(data);
}

std::string chat_chunk(const std::string& model, const Json& choices, const Json& usage = nullptr) {
  Json chunk = {{"id", "chatcmpl-local"},
                {"object", "chat.completion.chunk"},
                {"created", kCreated},
                {"model", model},
                {"choices", choices}};
  if (!usage.is_null()) chunk["usage"] = usage;
  return data_event(chunk);
}

Json chat_choice(const char* content_name, const Json& content, const Json& finish_reason) {
  return Json::array({{{"index", 0}, {content_name, content}, {"finish_reason", finish_reason}}});
}

Json chat_usage(int words) {
  return {{"prompt_tokens", kPromptTokens}, {"completion_tokens", words}, {"total_tokens", kPromptTokens + words}};
}

AnswerEvents chat_events(const std::string& model, int words) {
  AnswerEvents events;
  const Json first = {{"role", "assistant"}, {"content", ""}};
  events.opening = {chat_chunk(model, chat_choice("delta", first, nullptr))};
  for (int i = 0; i < words; ++i)
    events.words.push_back(chat_chunk(model, chat_choice("delta", {{"content", word(i)}}, nullptr)));
  events.closing = {chat_chunk(model, chat_choice("delta", Json::object(), "stop")),
                    chat_chunk(model, Json::array(), chat_usage(words)), "data: [DONE]\n\n"};
  return events;
}

Json chat_completion(const std::string& model, int words) {
  const Json message = {{"role", "assistant"}, {"content", text(words)}};
  return {{"id", "chatcmpl-local"},
          {"object", "chat.completion"},
          {"created", kCreated},
          {"model", model},
          {"choices", chat_choice("message", message, "stop")},
          {"usage", chat_usage(words)}};
}

Json response(const std::string& model, const char* status, const Json& output, const Json& usage) {
  return {{"id", "resp_local"}, {"object", "response"}, {"created_at", kCreated}, {"status", status},
          {"model", model},     {"output", output},     {"usage", usage}};
}

Json completed_response(const std::string& model, int words) {
  const Json content = {{"type", "output_text"}, {"text", text(words)}, {"annotations", Json::array()}};
  const Json message = {{"id", "msg_local"},
                        {"type", "message"},
                        {"status", "completed"},
                        {"role", "assistant"},
                        {"content", Json::array({content})}};
  const Json usage = {
      {"input_tokens", kPromptTokens}, {"output_tokens", words}, {"total_tokens", kPromptTokens + words}};
  return response(model, "completed", Json::array({message}), usage);
}

AnswerEvents responses_events(const std::string& model, int words) {
  AnswerEvents events;
  int number = 0;
  events.opening = {named_event({{"type", "response.created"},
                                 {"sequence_number", number++},
                                 {"response", response(model, "in_progress", Json::array(), nullptr)}})};
  for (int i = 0; i < words; ++i)
    events.words.push_back(named_event({{"type", "response.output_text.delta"},
                                        {"sequence_number", number++},
                                        {"item_id", "msg_local"},
                                        {"output_index", 0},
                                        {"content_index", 0},
                                        {"delta", word(i)}}));
  events.closing = {named_event(
      {{"type", "response.completed"}, {"sequence_number", number}, {"response", completed_response(model, words)}})};
  return events;
}

Json message(const std::string& model, const Json& content, const Json& stop_reason, int output_tokens) {
  return {{"id", "msg_local"},        {"type", "message"},
          {"role", "assistant"},      {"model", model},
          {"content", content},       {"stop_reason", stop_reason},
          {"stop_sequence", nullptr}, {"usage", {{"input_tokens", kPromptTokens}, {"output_tokens", output_tokens}}}};
}

Json text_block(const std::string& text) {
  return {{"type", "text"}, {"text", text}};
}

AnswerEvents messages_events(const std::string& model, int words) {
  AnswerEvents events;
  events.opening = {named_event({{"type", "message_start"}, {"message", message(model, Json::array(), nullptr, 1)}}),
                    named_event({{"type", "content_block_start"}, {"index", 0}, {"content_block", text_block("")}}),
                    named_event({{"type", "ping"}})};
  for (int i = 0; i < words; ++i)
    events.words.push_back(named_event(
        {{"type", "content_block_delta"}, {"index", 0}, {"delta", {{"type", "text_delta"}, {"text", word(i)}}}}));
  events.closing = {named_event({{"type", "content_block_stop"}, {"index", 0}}),
                    named_event({{"type", "message_delta"},
                                 {"delta", {{"stop_reason", "end_turn"}, {"stop_sequence", nullptr}}},
                                 {"usage", {{"output_tokens", words}}}}),
                    named_event({{"type", "message_stop"}})};
  return events;
}

Json error(Protocol protocol, const std::string& message) {
  if (protocol == Protocol::anthropic_messages)
    return {{"type", "error"}, {"error", {{"type", "api_error"}, {"message", message}}}};
  return {{"error", {{"message", message}, {"type", "server_error"}, {"param", nullptr}, {"code", nullptr}}}};
}

}  // namespace

AnswerEvents answer_events(Protocol protocol, const std::string& model, int words) {
  switch (protocol) {
    case Protocol::openai_chat:
      return chat_events(model, words);
    case Protocol::openai_responses:
      return responses_events(model, words);
    case Protocol::anthropic_messages:
      return messages_events(model, words);
  }
  return {};
}

std::string answer_body(Protocol protocol, const std::string& model, int words) {
  switch (protocol) {
    case Protocol::openai_chat:
      return chat_completion(model, words).dump();
    case Protocol::openai_responses:
      return completed_response(model, words).dump();
    case Protocol::anthropic_messages:
      return message(model, Json::array({text_block(text(words))}), "end_turn", words).dump();
  }
  return {};
}

std::string error_event(Protocol protocol, const std::string& message) {
  switch (protocol) {
    case Protocol::openai_chat:
      return data_event(error(protocol, message));
    case Protocol::openai_responses:
      return named_event({{"type", "error"}, {"code", "server_error"}, {"message", message}, {"param", nullptr}});
    case Protocol::anthropic_messages:
      return named_event(error(protocol, message));
  }
  return {};
}

std::string error_body(Protocol protocol, const std::string& message) {
  return error(protocol, message).dump();
}

}  // namespace support
