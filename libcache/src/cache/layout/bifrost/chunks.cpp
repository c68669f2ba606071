#include "cache/layout/bifrost/chunks.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cache/layout/bifrost/answer.h"
#include "text/json/go.h"

namespace libcache::internal::bifrost {

namespace {

constexpr std::string_view kDone = "[DONE]";
constexpr auto kSoon = std::chrono::seconds(10);

struct Payload {
  std::string json;
  bool has_extra_fields;
  bool has_choices;
  std::size_t chunk_index;
};

Result<Payload> read_payload(std::string json) {
  JsonDocument document;
  if (!document.parse(json, JsonRules::go) || document.root().kind != JsonKind::object) {
    return fail(ErrorCode::policy, "a chunk is not a JSON object");
  }
  const JsonValue chunk(document);
  const auto index = chunk["extra_fields"]["chunk_index"].integer().value_or(0);
  return Payload{std::move(json), document.find(document.root(), "extra_fields") != nullptr,
                 chunk["choices"].is(JsonKind::array), static_cast<std::size_t>(index)};
}

Result<std::vector<Payload>> read_payloads(std::span<const Chunk> recorded) {
  std::vector<Payload> payloads;
  for (const Chunk& chunk : recorded) {
    auto data = data_of(chunk.bytes);
    if (!data || *data == kDone) continue;
    auto payload = read_payload(*std::move(data));
    if (!payload) return fail(payload.error());
    payloads.push_back(*std::move(payload));
  }
  if (payloads.empty()) return fail(ErrorCode::policy, "the stream has no chunks");
  return payloads;
}

// A plain chat chunk as the gateway writes it.
std::string with_extra_fields(std::string json, std::string_view provider, std::size_t index) {
  std::string extra = R"(,"extra_fields":{"provider":)";
  append_go_string(extra, provider);
  extra += fmt::format(R"(,"model_params":{{}},"chunk_index":{},"raw_response":null}})", index);
  return json.insert(json.rfind('}'), extra);
}

bool has_text(JsonValue value) {
  return !value.text().empty();
}

bool is_not_empty(JsonValue array) {
  bool any = false;
  array.each([&any](JsonValue) { any = true; });
  return any;
}

bool has_content(JsonValue delta) {
  return has_text(delta["content"]) || has_text(delta["refusal"]) || is_not_empty(delta["tool_calls"]);
}

// Whether an anthropic or bedrock stream may have a gap before this chunk: the ends of blocks are not passed on.
bool begins_block(JsonValue answer) {
  bool begins = false;
  answer["choices"].each([&begins](JsonValue choice) {
    begins = begins || has_text(choice["finish_reason"]);
    choice["delta"]["tool_calls"].each(
        [&begins](JsonValue call) { begins = begins || has_text(call["id"]) || has_text(call["function"]["name"]); });
  });
  return begins;
}

// Whether the chunk goes on with a model's reasoning.
bool has_thought(JsonValue answer) {
  bool thought = false;
  answer["choices"].each([&thought](JsonValue choice) { thought = thought || has_text(choice["delta"]["thought"]); });
  return thought;
}

}  // namespace

Result<std::vector<StoredChunk>> chunks_to_store(std::span<const Chunk> recorded, std::string_view provider) {
  auto payloads = read_payloads(recorded);
  if (!payloads) return fail(payloads.error());
  const bool plain = std::ranges::none_of(*payloads, &Payload::has_extra_fields) &&
                     std::ranges::all_of(*payloads, &Payload::has_choices);
  std::vector<StoredChunk> chunks;
  for (Payload& payload : *payloads) {
    const std::size_t next_window = chunks.empty() ? 0 : chunks.back().index / kLookupWindow + 1;
    if (plain) {
      chunks.push_back({chunks.size(), with_extra_fields(std::move(payload.json), provider, chunks.size())});
    } else if (!payload.has_extra_fields) {
      return fail(ErrorCode::policy, fmt::format("chunk {} has no extra_fields", chunks.size()));
    } else if (!chunks.empty() && payload.chunk_index <= chunks.back().index) {
      return fail(ErrorCode::policy,
                  fmt::format("chunk_index {} follows {}: a gateway would not serve the chunks in order",
                              payload.chunk_index, chunks.back().index));
    } else if (payload.chunk_index / kLookupWindow >= next_window + kEmptyWindows) {
      return fail(
          ErrorCode::policy,
          fmt::format("chunk_index {} is so far from the chunk before that no lookup finds it", payload.chunk_index));
    } else {
      chunks.push_back({payload.chunk_index, std::move(payload.json)});
    }
  }
  return chunks;
}

void ChunkJudge::fault(std::string reason) {
  if (reason_.empty()) reason_ = std::move(reason);
}

void ChunkJudge::read(const StoredChunk& chunk) {
  JsonDocument document;
  const bool readable = document.parse(chunk.json, JsonRules::go) && document.root().kind == JsonKind::object;
  const JsonValue answer = readable ? JsonValue(document) : JsonValue();
  check_gap(chunk, answer);
  next_ = chunk.index + 1;
  if (!readable) return fault(fmt::format("chunk {} is not a JSON object", chunk.index));

  judge_.read({.form = EventForm::sse, .data = chunk.json, .json = answer, .is_json = true});
  if (answer["error"] && reason_.empty()) {
    is_error_ = true;
    fault(fmt::format("chunk {} reports an error", chunk.index));
  }
  const auto own_index = answer["extra_fields"]["chunk_index"].integer().value_or(0);
  if (own_index != static_cast<std::int64_t>(chunk.index)) {
    fault(fmt::format("chunk {} has chunk_index {}", chunk.index, own_index));
  }
  check_id(chunk.index, answer["id"].text());
  answer["choices"].each([&](JsonValue choice) { read_choice(chunk.index, choice); });
  read_audio(chunk.index, answer);
}

// Chunks that are missing were not passed on by the gateway before the first content and, with some providers, between
// blocks. After the end none is expected.
void ChunkJudge::check_gap(const StoredChunk& chunk, JsonValue answer) {
  if (chunk.index == next_ || is_finished()) return;
  if (next_ == 0 && chunk.expires && *chunk.expires - now_ < kSoon) doubtful_ = chunk.index;
  const bool between_thoughts = has_thought_ && has_thought(answer);
  if (!has_content_ && !between_thoughts) return;
  const std::string provider = answer["extra_fields"]["provider"].text();
  if ((provider == "anthropic" || provider == "bedrock") && begins_block(answer)) return;
  fault(fmt::format("chunk {} is missing", next_));
}

void ChunkJudge::check_id(std::size_t chunk, const std::string& id) {
  if (id.empty()) return;
  if (id_.empty()) id_ = id;
  if (id != id_) fault(fmt::format("chunk {} belongs to another answer: its id is another", chunk));
}

void ChunkJudge::check_content(std::size_t chunk, bool after_end) {
  if (after_end) fault(fmt::format("chunk {} belongs to another answer: it follows the end of this one", chunk));
}

void ChunkJudge::read_choice(std::size_t chunk, JsonValue choice) {
  bool& finished = choices_.try_emplace(choice["index"].integer().value_or(0), false).first->second;
  const JsonValue delta = choice["delta"];
  const bool content = has_content(delta);
  const bool thought = has_text(delta["thought"]);
  check_content(chunk, finished && (content || thought));
  has_content_ = has_content_ || content;
  has_thought_ = has_thought_ || thought;
  finished = finished || has_text(choice["finish_reason"]);
}

void ChunkJudge::read_audio(std::size_t chunk, JsonValue answer) {
  const JsonValue speech = answer["speech"];
  const JsonValue transcribe = answer["transcribe"];
  if (!speech && !transcribe) return;
  const bool content = has_text(speech["audio"]) || has_text(transcribe["delta"]);
  check_content(chunk, audio_.value_or(false) && content);
  has_content_ = has_content_ || content;
  const bool ends = speech["type"].text() == "speech.audio.done" || transcribe["type"].text() == "transcript.text.done";
  audio_ = audio_.value_or(false) || ends;
}

bool ChunkJudge::is_finished() const {
  const auto finished = [](const auto& choice) { return choice.second; };
  return (audio_ || !choices_.empty()) && audio_.value_or(true) && std::ranges::all_of(choices_, finished);
}

Verdict ChunkJudge::finish() {
  if (next_ == 0) fault("the stream has no chunks");
  for (const auto& [choice, finished] : choices_) {
    if (!finished) fault(fmt::format("choice {} has no finish_reason", choice));
  }
  if (!is_finished()) fault("the stream has no end");
  if (doubtful_)
    fault(fmt::format("chunk {} is the first and expires soon: earlier ones may have expired", *doubtful_));
  Verdict verdict = judge_.finish();
  if (verdict.completeness == Completeness::error && reason_.empty()) {
    is_error_ = true;
    fault(std::move(verdict.reason));
  }
  verdict.completeness = is_error_         ? Completeness::error
                         : reason_.empty() ? Completeness::complete
                                           : Completeness::incomplete;
  verdict.reason = std::move(reason_);
  return verdict;
}

Verdict judge_recording(const Recording& recording) {
  const auto chunks = chunks_to_store(recording.chunks(), {});
  if (!chunks) return {Completeness::incomplete, chunks.error().message, {}};
  ChunkJudge judge{UnixTime()};
  for (const StoredChunk& chunk : *chunks) judge.read(chunk);
  return judge.finish();
}

}  // namespace libcache::internal::bifrost
