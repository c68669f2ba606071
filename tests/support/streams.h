// Streams to record: the samples in tests/golden/streams, and short ones made from events.
#pragma once

#include <libcache/answer.h>

#include <fstream>
#include <initializer_list>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/paths.h"

namespace support {

// The samples that are complete streams.
inline const std::vector<std::string> kCompleteStreams = {
    "anthropic-messages.sse",
    "gemini.sse",
    "ollama-chat.ndjson",
    "openai-chat.sse",
    "openai-comments-and-multiline.sse",
    "openai-responses.sse",
    "openai-tools.sse",
    "openai-two-choices.sse",
};

inline std::string sample_stream(const std::string& name) {
  std::ifstream file(LLMCACHE_TEST_DATA "/golden/streams/" + name, std::ios::binary);
  if (!file) throw std::runtime_error("no sample " + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Events with this data.
inline std::string sse(std::initializer_list<std::string_view> events) {
  std::string stream;
  for (const std::string_view data : events) stream.append("data: ").append(data).append("\n\n");
  return stream;
}

inline std::string ndjson(std::initializer_list<std::string_view> events) {
  std::string stream;
  for (const std::string_view data : events) stream.append(data).append("\n");
  return stream;
}

// An answer that arrives in one piece.
inline libcache::Answer record(std::string_view bytes) {
  libcache::AnswerRecorder recorder;
  recorder.write(bytes);
  return std::move(recorder).finish();
}

}  // namespace support
