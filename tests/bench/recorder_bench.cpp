// Recording a stream chunk by chunk while it passes through, and judging it.
#include <benchmark/benchmark.h>
#include <libcache/answer.h>

#include <string>

namespace {

constexpr int kChunks = 500;

std::string chat_event(int number) {
  return R"(data: {"id":"chatcmpl-B9x1","object":"chat.completion.chunk","created":1763769600,)"
         R"("model":"gpt-4o-mini-2024-07-18","service_tier":"default","system_fingerprint":"fp_560af6e559",)"
         R"("choices":[{"index":0,"delta":{"content":" word)" +
         std::to_string(number) + "\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n";
}

std::string messages_event(int number) {
  return "event: content_block_delta\n"
         R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" word)" +
         std::to_string(number) + "\"}}\n\n";
}

// Reports the time of one chunk.
void record(benchmark::State& state, std::string (*event)(int)) {
  const auto now = std::chrono::steady_clock::now();
  while (state.KeepRunningBatch(kChunks)) {
    libcache::AnswerRecorder recorder({}, now);
    for (int number = 0; number < kChunks; ++number) recorder.write(event(number), now);
    benchmark::DoNotOptimize(std::move(recorder).finish(now));
  }
}

// The cost of creating the events, which is part of the above.
void make(benchmark::State& state, std::string (*event)(int)) {
  int number = 0;
  for (auto _ : state) benchmark::DoNotOptimize(event(number = (number + 1) % kChunks));
}

BENCHMARK_CAPTURE(record, openai_chat, chat_event);
BENCHMARK_CAPTURE(make, openai_chat, chat_event);
BENCHMARK_CAPTURE(record, anthropic_messages, messages_event);
BENCHMARK_CAPTURE(make, anthropic_messages, messages_event);

}  // namespace

BENCHMARK_MAIN();
