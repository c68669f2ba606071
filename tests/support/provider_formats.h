// Answers in the formats of LLM providers, in the shapes that their public documentation shows.
#pragma once

#include <string>
#include <vector>

namespace support {

enum class Protocol { openai_chat, openai_responses, anthropic_messages };

// A stream in the order of its events, each with its empty line.
struct AnswerEvents {
  std::vector<std::string> opening;
  std::vector<std::string> words;    // one event a word
  std::vector<std::string> closing;  // what says that the answer is whole
};

// An answer of `words` words by `model`, streamed and plain.
AnswerEvents answer_events(Protocol protocol, const std::string& model, int words);
std::string answer_body(Protocol protocol, const std::string& model, int words);

// An error as the protocol words it, as the event that ends a stream and plain.
std::string error_event(Protocol protocol, const std::string& message);
std::string error_body(Protocol protocol, const std::string& message);

}  // namespace support
