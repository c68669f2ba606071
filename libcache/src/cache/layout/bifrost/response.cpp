#include "cache/layout/bifrost/response.h"

#include "key/bifrost/decode.h"
#include "key/bifrost/schema.h"

namespace libcache::internal::bifrost {

namespace {

using enum Kind;
using enum When;

constexpr Type kString{string};
constexpr Type kInteger{integer};
constexpr Type kNumber{number};
constexpr Type kBytes{bytes};
constexpr Type kAny{any};
constexpr Type kAnyList{list, &kAny};
constexpr Type kIntegers{list, &kInteger};
constexpr Type kNumbers{list, &kNumber};
constexpr Type kStrings{list, &kString};

template <std::size_t kSize>
constexpr Type record_of(const Field (&fields)[kSize]) {
  return {record, nullptr, fields};
}

// Choices.
constexpr Field kLogProbFields[] = {
    {"bytes", &kIntegers, never}, {"logprob", &kNumber, never}, {"token", &kString, never}};
constexpr Type kLogProb = record_of(kLogProbFields);
constexpr Type kLogProbList{list, &kLogProb};
constexpr Field kContentLogProbFields[] = {{"bytes", &kIntegers, never},
                                           {"logprob", &kNumber, never},
                                           {"token", &kString, never},
                                           {"top_logprobs", &kLogProbList, never}};
constexpr Type kContentLogProb = record_of(kContentLogProbFields);
constexpr Type kContentLogProbs{list, &kContentLogProb};
constexpr Type kMap{map};
constexpr Type kMaps{list, &kMap};
constexpr Field kTextLogProbFields[] = {{"text_offset", &kIntegers, never},
                                        {"token_logprobs", &kNumbers, never},
                                        {"tokens", &kStrings, never},
                                        {"top_logprobs", &kMaps, never}};
constexpr Type kTextLogProb = record_of(kTextLogProbFields);
constexpr Field kLogProbsFields[] = {
    {"content", &kContentLogProbs, never}, {"refusal", &kLogProbList, never}, {"text", &kTextLogProb, never}};
constexpr Type kLogProbs = record_of(kLogProbsFields);
constexpr Field kDeltaFields[] = {{"role", &kString, never},
                                  {"content", &kString, never},
                                  {"thought", &kString, never},
                                  {"refusal", &kString, never},
                                  {"tool_calls", &kToolCalls, never}};
constexpr Type kDelta = record_of(kDeltaFields);
constexpr Field kChoiceFields[] = {{"index", &kInteger, never},      {"finish_reason", &kString, never},
                                   {"message", &kMessage, never},    {"stop", &kString, never},
                                   {"log_probs", &kLogProbs, never}, {"delta", &kDelta, never}};
constexpr Type kChoice = record_of(kChoiceFields);
constexpr Type kChoices{list, &kChoice};

// Embeddings: a vector, several, or one in base64.
constexpr Type kEmbedding{either, &kAnyList};
constexpr Field kDataFields[] = {
    {"index", &kInteger, never}, {"object", &kString, never}, {"embedding", &kEmbedding, nullable}};
constexpr Type kDatum = record_of(kDataFields);
constexpr Type kData{list, &kDatum};

// Audio.
constexpr Field kAudioDetailsFields[] = {{"text_tokens", &kInteger, never}, {"audio_tokens", &kInteger, never}};
constexpr Type kAudioDetails = record_of(kAudioDetailsFields);
constexpr Field kAudioUsageFields[] = {{"input_tokens", &kInteger, never},
                                       {"input_tokens_details", &kAudioDetails, never},
                                       {"output_tokens", &kInteger, never},
                                       {"total_tokens", &kInteger, never}};
constexpr Type kAudioUsage = record_of(kAudioUsageFields);
constexpr Field kSpeechFields[] = {
    {"usage", &kAudioUsage, never}, {"audio", &kBytes, never}, {"type", &kString, never}};
constexpr Type kSpeech = record_of(kSpeechFields);
constexpr Field kTranscriptUsageFields[] = {{"type", &kString, never},
                                            {"input_tokens", &kInteger, never},
                                            {"input_token_details", &kAudioDetails, never},
                                            {"output_tokens", &kInteger, never},
                                            {"total_tokens", &kInteger, never},
                                            {"seconds", &kInteger, never}};
constexpr Type kTranscriptUsage = record_of(kTranscriptUsageFields);
constexpr Field kWordFields[] = {{"word", &kString, never}, {"start", &kNumber, never}, {"end", &kNumber, never}};
constexpr Type kWord = record_of(kWordFields);
constexpr Type kWords{list, &kWord};
constexpr Field kSegmentFields[] = {
    {"id", &kInteger, never},           {"seek", &kInteger, never},       {"start", &kNumber, never},
    {"end", &kNumber, never},           {"text", &kString, never},        {"tokens", &kIntegers, never},
    {"temperature", &kNumber, never},   {"avg_logprob", &kNumber, never}, {"compression_ratio", &kNumber, never},
    {"no_speech_prob", &kNumber, never}};
constexpr Type kSegment = record_of(kSegmentFields);
constexpr Type kSegments{list, &kSegment};
constexpr Field kTranscribeFields[] = {{"text", &kString, never},           {"logprobs", &kLogProbList, never},
                                       {"usage", &kTranscriptUsage, never}, {"task", &kString, never},
                                       {"language", &kString, never},       {"duration", &kNumber, never},
                                       {"words", &kWords, never},           {"segments", &kSegments, never},
                                       {"type", &kString, never},           {"delta", &kString, never}};
constexpr Type kTranscribe = record_of(kTranscribeFields);

// Usage and the gateway's own members.
constexpr Field kPromptDetailsFields[] = {{"cached_tokens", &kInteger, never}, {"audio_tokens", &kInteger, never}};
constexpr Type kPromptDetails = record_of(kPromptDetailsFields);
constexpr Field kCompletionDetailsFields[] = {{"reasoning_tokens", &kInteger, never},
                                              {"audio_tokens", &kInteger, never},
                                              {"accepted_prediction_tokens", &kInteger, never},
                                              {"rejected_prediction_tokens", &kInteger, never}};
constexpr Type kCompletionDetails = record_of(kCompletionDetailsFields);
constexpr Field kUsageFields[] = {{"prompt_tokens", &kInteger, never},
                                  {"completion_tokens", &kInteger, never},
                                  {"total_tokens", &kInteger, never},
                                  {"prompt_tokens_details", &kPromptDetails, never},
                                  {"completion_tokens_details", &kCompletionDetails, never}};
constexpr Type kUsage = record_of(kUsageFields);
constexpr Type kMessages{list, &kMessage};
constexpr Field kBilledFields[] = {{"prompt_tokens", &kNumber, never},
                                   {"completion_tokens", &kNumber, never},
                                   {"search_units", &kNumber, never},
                                   {"classifications", &kNumber, never}};
constexpr Type kBilled = record_of(kBilledFields);
constexpr Field kExtraFields[] = {{"provider", &kString, never},     {"model_params", &kParameters, never},
                                  {"latency", &kNumber, never},      {"chat_history", &kMessages, never},
                                  {"billed_usage", &kBilled, never}, {"chunk_index", &kInteger, never},
                                  {"raw_response", &kAny, never}};
constexpr Type kExtra = record_of(kExtraFields);

constexpr Field kResponseFields[] = {{"id", &kString, never},           {"object", &kString, never},
                                     {"choices", &kChoices, never},     {"data", &kData, never},
                                     {"speech", &kSpeech, never},       {"transcribe", &kTranscribe, never},
                                     {"model", &kString, never},        {"created", &kInteger, never},
                                     {"service_tier", &kString, never}, {"system_fingerprint", &kString, never},
                                     {"usage", &kUsage, never},         {"extra_fields", &kExtra, never}};
constexpr Type kResponse = record_of(kResponseFields);

}  // namespace

Status check_decodable(std::string_view json) {
  JsonDocument document;
  const auto parsed = document.parse(json, JsonRules::go);
  if (!parsed || document.root().kind != JsonKind::object) {
    return fail(ErrorCode::policy, "a Bifrost gateway could not serve the answer: it is not a JSON object");
  }
  const auto decoded = Decoder(document).decode(kResponse, document.root());
  if (decoded) return {};
  return fail(ErrorCode::policy, "a Bifrost gateway could not decode the answer: " + decoded.error().message);
}

}  // namespace libcache::internal::bifrost
