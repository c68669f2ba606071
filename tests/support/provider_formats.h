// Answers in the formats of LLM providers, as their public documentation shows them.
#pragma once

#include <string>
#include <vector>

namespace support {

enum class Protocol { openai_chat, openai_responses, anthropic_messages };

// The events of a stream in their order, each with its blank line.
struct AnswerEvents {
  std::vector<std::string> opening;
  std::vector<std::string> words;    // one event per word
  std::vector<std::string> closing;  // the events that complete the answer
};

// An answer of `words` words by `model`, as a stream and as one body.
AnswerEvents answer_events(Protocol protocol, const std::string& model, int words);
std::string answer_body(Protocol protocol, const std::string& model, int words);

// An error in the provider's format, as the last event of a stream and as one body.
std::string error_event(Protocol protocol, const std::string& message);
std::string error_body(Protocol protocol, const std::string& message);

}  // namespace support
