#include "key/bifrost/schema.h"

namespace libcache::internal::bifrost {

namespace {

using enum Type::Kind;
using enum When;

constexpr Type kString{string};
constexpr Type kInteger{integer};
constexpr Type kNumber{number};
constexpr Type kBoolean{boolean};
constexpr Type kBytes{bytes};
constexpr Type kAny{any};
constexpr Type kMap{map};
constexpr Type kSingle{single};
constexpr Type kStrings{list, &kString};

constexpr Field required(std::string_view name, const Type& type, When when = always, std::string_view source = {}) {
  return {name, &type, when, source, true, false};
}
constexpr Field inlined(std::string_view name, const Type& type) {
  return {name, &type, always, {}, false, true};
}

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
constexpr Type kToolCalls{list, &kToolCall};

constexpr Field kMessageFields[] = {
    {"role", &kString, always},
    {"content", &kContent, nullable},
    {"tool_call_id", &kString, if_present},
    {"refusal", &kString, if_present},
    {"annotations", &kAnnotations, if_not_empty},
    {"tool_calls", &kToolCalls, if_present},
    {"thought", &kString, if_present},
};
constexpr Type kMessage{record, nullptr, kMessageFields};
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
constexpr Field kChoiceFields[] = {required("type", kString), {"function", &kChosenFunction, always}};
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
constexpr Type kParameters{record, nullptr, kParametersFields};
static_assert(std::size(kParametersFields) <= kMaxFields);

// Inputs, as the gateway's own requests hold them.
constexpr Field kVoiceFields[] = {{"speaker", &kString, always}, required("voice", kString)};
constexpr Type kVoice{record, nullptr, kVoiceFields};
constexpr Type kVoices{list, &kVoice, {}, true};
constexpr Type kVoiceChoice{either, &kVoices};

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
constexpr Field kCoreFields[] = {{"input", &kInput, always}, {"params", &kParameters, if_present}};

// The HTTP bodies: their inputs and parameters stand beside each other.
constexpr Field kChatInputFields[] = {required("chat_completion_input", kMessages, always, "messages")};
constexpr Type kChatInput{record, nullptr, kChatInputFields};
constexpr Field kChatFields[] = {inlined("input", kChatInput), inlined("params", kParameters)};

constexpr Field kTextInputFields[] = {required("text_completion_input", kString, always, "text")};
constexpr Type kTextInput{record, nullptr, kTextInputFields};
constexpr Field kTextFields[] = {inlined("input", kTextInput), inlined("params", kParameters)};

constexpr Field kOneTextFields[] = {required("texts", kSingle, always, "input")};
constexpr Type kOneText{record, nullptr, kOneTextFields};
constexpr Field kEmbeddingsInputFields[] = {inlined("embedding_input", kOneText)};
constexpr Type kEmbeddingsInput{record, nullptr, kEmbeddingsInputFields};
constexpr Field kEmbeddingsFields[] = {inlined("input", kEmbeddingsInput), inlined("params", kParameters)};

constexpr Field kSpokenFields[] = {
    required("input", kString),
    required("voice", kVoiceChoice, nullable),
    {"instructions", &kString, if_not_empty},
    {"response_format", &kString, if_not_empty},
};
constexpr Type kSpoken{record, nullptr, kSpokenFields};
constexpr Field kSpeechInputFields[] = {inlined("speech_input", kSpoken)};
constexpr Type kSpeechInput{record, nullptr, kSpeechInputFields};
constexpr Field kSpeechFormFields[] = {inlined("input", kSpeechInput), inlined("params", kParameters)};

// A transcription's body is a multipart form; here it is the same parts as JSON, the file in base64. It has no
// parameters.
constexpr Field kTranscribedFields[] = {
    required("file", kBytes, nullable),
    {"language", &kString, if_not_empty},
    {"prompt", &kString, if_not_empty},
    {"response_format", &kString, if_not_empty},
};
constexpr Type kTranscribed{record, nullptr, kTranscribedFields};
constexpr Field kTranscriptionInputFields[] = {inlined("transcription_input", kTranscribed)};
constexpr Type kTranscriptionInput{record, nullptr, kTranscriptionInputFields};
constexpr Field kTranscriptionFormFields[] = {inlined("input", kTranscriptionInput)};

}  // namespace

std::span<const Field> request_fields(BifrostForm form) {
  switch (form) {
    case BifrostForm::chat:
      return kChatFields;
    case BifrostForm::text:
      return kTextFields;
    case BifrostForm::embeddings:
      return kEmbeddingsFields;
    case BifrostForm::speech:
      return kSpeechFormFields;
    case BifrostForm::transcription:
      return kTranscriptionFormFields;
    case BifrostForm::core:
    case BifrostForm::detect:
      break;
  }
  return kCoreFields;
}

}  // namespace libcache::internal::bifrost
