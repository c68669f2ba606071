#include "key/bifrost/schema.h"

#include <algorithm>
#include <array>

namespace libcache::internal::bifrost {

namespace {

using enum Kind;
using enum When;

constexpr Type kString{string};
constexpr Type kInteger{integer};
constexpr Type kNumber{number};
constexpr Type kBoolean{boolean};
constexpr Type kBytes{bytes};
constexpr Type kAny{any};
constexpr Type kMap{map};
constexpr Type kStrings{list, &kString};

// Messages.
constexpr Field kImageUrlFields[] = {{"url", &kString, always}, {"detail", &kString, if_present}};
constexpr Type kImageUrl{record, nullptr, kImageUrlFields};

constexpr Field kBlockFields[] = {
    {"type", &kString, always},
    {"text", &kString, if_present},
    {"image_url", &kImageUrl, if_present},
};
constexpr Type kBlock{record, nullptr, kBlockFields};
constexpr Type kBlocks{list, &kBlock};
constexpr Type kContent{either, &kBlocks};

constexpr Field kCitationFields[] = {
    {"start_index", &kInteger, always}, {"end_index", &kInteger, always}, {"title", &kString, always},
    {"url", &kString, if_present},      {"sources", &kAny, if_present},   {"type", &kString, if_present},
};
constexpr Type kCitation{record, nullptr, kCitationFields};
constexpr Field kAnnotationFields[] = {{"type", &kString, always}, {"url_citation", &kCitation, always}};
constexpr Type kAnnotation{record, nullptr, kAnnotationFields};
constexpr Type kAnnotations{list, &kAnnotation};

constexpr Field kCallFunctionFields[] = {{"name", &kString, nullable}, {"arguments", &kString, always}};
constexpr Type kCallFunction{record, nullptr, kCallFunctionFields};
constexpr Field kToolCallFields[] = {
    {"type", &kString, if_present}, {"id", &kString, if_present}, {"function", &kCallFunction, always}};
constexpr Type kToolCall{record, nullptr, kToolCallFields};

}  // namespace

constexpr Type kToolCalls{list, &kToolCall};

namespace {

constexpr Field kMessageFields[] = {
    {"role", &kString, always},
    {"content", &kContent, nullable},
    {"tool_call_id", &kString, if_present},
    {"refusal", &kString, if_present},
    {"annotations", &kAnnotations, if_not_empty},
    {"tool_calls", &kToolCalls, if_present},
    {"thought", &kString, if_present},
};

}  // namespace

constexpr Type kMessage{record, nullptr, kMessageFields};

namespace {

constexpr Type kMessages{list, &kMessage};

// Parameters.
constexpr Field kParameterSchemaFields[] = {
    {"type", &kString, always},          {"description", &kString, if_present}, {"required", &kStrings, if_not_empty},
    {"properties", &kMap, if_not_empty}, {"enum", &kStrings, if_present},
};
constexpr Type kParameterSchema{record, nullptr, kParameterSchemaFields};
constexpr Field kFunctionFields[] = {
    {"name", &kString, always}, {"description", &kString, always}, {"parameters", &kParameterSchema, always}};
constexpr Type kFunction{record, nullptr, kFunctionFields};
constexpr Field kToolFields[] = {
    {"id", &kString, if_present}, {"type", &kString, always}, {"function", &kFunction, always}};
constexpr Type kTool{record, nullptr, kToolFields};
constexpr Type kTools{list, &kTool};

constexpr Field kChosenFunctionFields[] = {{"name", &kString, always}};
constexpr Type kChosenFunction{record, nullptr, kChosenFunctionFields};
constexpr Field kChoiceFields[] = {{"type", &kString, always, true}, {"function", &kChosenFunction, always}};
constexpr Type kChoice{record, nullptr, kChoiceFields};
constexpr Type kToolChoice{either, &kChoice};

constexpr Field kParametersFields[] = {
    {"tool_choice", &kToolChoice, if_present},
    {"tools", &kTools, if_present},
    {"temperature", &kNumber, if_present},
    {"top_p", &kNumber, if_present},
    {"top_k", &kInteger, if_present},
    {"max_tokens", &kInteger, if_present},
    {"stop_sequences", &kStrings, if_present},
    {"presence_penalty", &kNumber, if_present},
    {"frequency_penalty", &kNumber, if_present},
    {"parallel_tool_calls", &kBoolean, if_present},
    {"encoding_format", &kString, if_present},
    {"dimensions", &kInteger, if_present},
    {"user", &kString, if_present},
};

}  // namespace

constexpr Type kParameters{record, nullptr, kParametersFields};

namespace {

// Inputs, as the gateway's own requests hold them.
constexpr Field kVoiceFields[] = {{"speaker", &kString, always}, {"voice", &kString, always, true}};
constexpr Type kVoice{record, nullptr, kVoiceFields};
constexpr Type kVoices{list, &kVoice};
constexpr Type kVoiceChoice{either, &kVoices, {}, true};

constexpr Field kEmbeddingFields[] = {{"texts", &kStrings, nullable}};
constexpr Type kEmbedding{record, nullptr, kEmbeddingFields};
constexpr Field kSpeechFields[] = {
    {"input", &kString, always},
    {"voice", &kVoiceChoice, nullable},
    {"instructions", &kString, if_not_empty},
    {"response_format", &kString, if_not_empty},
};
constexpr Type kSpeech{record, nullptr, kSpeechFields};
constexpr Field kTranscriptionFields[] = {
    {"file", &kBytes, nullable},
    {"language", &kString, if_present},
    {"prompt", &kString, if_present},
    {"response_format", &kString, if_present},
};
constexpr Type kTranscription{record, nullptr, kTranscriptionFields};

constexpr Field kInputFields[] = {
    {"text_completion_input", &kString, if_present},      {"chat_completion_input", &kMessages, if_present},
    {"embedding_input", &kEmbedding, if_present},         {"speech_input", &kSpeech, if_present},
    {"transcription_input", &kTranscription, if_present},
};
constexpr Type kInput{record, nullptr, kInputFields};
constexpr Field kFallbackFields[] = {{"provider", &kString, never}, {"model", &kString, never}};
constexpr Type kFallback{record, nullptr, kFallbackFields};
constexpr Type kFallbacks{list, &kFallback};
constexpr Field kCoreFields[] = {
    {"provider", &kString, never},
    {"model", &kString, never},
    {"input", &kInput, always},
    {"params", &kParameters, if_present},
    {"fallbacks", &kFallbacks, never},
    {"stream", &kAny, never},  // the gateway's own requests have none; here it says which entry to look for
};

// HTTP bodies: the inputs of every endpoint, then the parameters.
constexpr Field kHttpInputFields[] = {
    {"model", &kString, always},
    {"messages", &kMessages, always},
    {"text", &kString, always},
    {"fallbacks", &kStrings, always},
    {"stream", &kBoolean, if_present},
    {"input", &kString, always},
    {"voice", &kVoiceChoice, nullable},
    {"instructions", &kString, always},
    {"response_format", &kString, always},
    {"stream_format", &kString, if_present},
};
constexpr auto kHttpFields = [] {
  std::array<Field, std::size(kHttpInputFields) + std::size(kParametersFields)> fields{};
  std::copy(std::begin(kParametersFields), std::end(kParametersFields),
            std::copy(std::begin(kHttpInputFields), std::end(kHttpInputFields), fields.begin()));
  return fields;
}();

constexpr Field kTranscriptionPartsFields[] = {
    {"model", &kString, always},  {"file", &kBytes, nullable},           {"language", &kString, always},
    {"prompt", &kString, always}, {"response_format", &kString, always}, {"stream", &kBoolean, if_present},
};

}  // namespace

constexpr Type kCoreRequest{record, nullptr, kCoreFields};
constexpr Type kHttpRequest{record, nullptr, kHttpFields};
constexpr Type kTranscriptionParts{record, nullptr, kTranscriptionPartsFields};

}  // namespace libcache::internal::bifrost
