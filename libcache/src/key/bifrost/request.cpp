#include "key/bifrost/request.h"

#include <fmt/format.h>

#include <initializer_list>
#include <string_view>
#include <utility>

#include "key/bifrost/schema.h"

namespace libcache::internal::bifrost {

namespace {

using Path = std::initializer_list<std::string_view>;

// Moves the members of an HTTP body into the gateway's request object.
class Conversion {
 public:
  Conversion(const Type& type, Value body) : type_(type), body_(std::move(body)) {}

  void move(std::string_view name, Path path) { place(path) = std::move(member(name)); }
  void move_unless_empty(std::string_view name, Path path) {
    if (!is_empty(*field_named(type_, name).type, member(name))) move(name, path);
  }
  Status move_required(std::string_view name, Path path) {
    if (is_empty(*field_named(type_, name).type, member(name))) {
      return fail(ErrorCode::invalid, fmt::format("{} is missing or empty", name));
    }
    move(name, path);
    return {};
  }
  void move_params() {
    for (const Field& param : field_named(kCoreRequest, "params").type->fields)
      move(param.name, {"params", param.name});
  }
  // The text becomes a list of one.
  Status move_embedding() {
    Value text;
    text.parts.push_back(member("input"));
    text.node = text.parts.front().node;
    text.size = 1;
    auto status = move_required("input", {"input", "embedding_input", "texts"});
    place({"input", "embedding_input", "texts"}) = std::move(text);
    return status;
  }

  Value& member(std::string_view name) { return field(type_, body_, name); }
  Value result() && { return std::move(core_); }

 private:
  // The place for the value at this path. The records on the path become present.
  Value& place(Path path) {
    const Type* type = &kCoreRequest;
    Value* value = &core_;
    for (const std::string_view name : path) {
      value->node = body_.node;
      value = &field(*type, *value, name);
      type = field_named(*type, name).type;
    }
    return *value;
  }

  const Type& type_;
  Value body_;
  Value core_;
};

Status move_speech(Conversion& conversion) {
  if (auto status = conversion.move_required("input", {"input", "speech_input", "input"}); !status) return status;
  if (auto status = conversion.move_required("voice", {"input", "speech_input", "voice"}); !status) return status;
  conversion.move("instructions", {"input", "speech_input", "instructions"});
  conversion.move("response_format", {"input", "speech_input", "response_format"});
  return {};
}

Status move_transcription(Conversion& conversion) {
  for (const std::string_view name : {"language", "prompt", "response_format"}) {
    conversion.move_unless_empty(name, {"input", "transcription_input", name});
  }
  return conversion.move_required("file", {"input", "transcription_input", "file"});
}

Status move_input(BifrostForm form, Conversion& conversion) {
  switch (form) {
    case BifrostForm::chat:
      return conversion.move_required("messages", {"input", "chat_completion_input"});
    case BifrostForm::text:
      return conversion.move_required("text", {"input", "text_completion_input"});
    case BifrostForm::embeddings:
      return conversion.move_embedding();
    case BifrostForm::speech:
      return move_speech(conversion);
    default:
      return move_transcription(conversion);
  }
}

Status check_fallbacks(const Value& fallbacks) {
  for (std::size_t index = 0; index < fallbacks.size; ++index) {
    const auto target = split_model(text_of(fallbacks.parts[index]));
    if (!target || target->provider.empty() || target->model.empty()) {
      return fail(ErrorCode::invalid, fmt::format("/fallbacks/{}: expected \"provider/model\"", index));
    }
  }
  return {};
}

}  // namespace

const Type& request_type(BifrostForm form) {
  if (form == BifrostForm::core) return kCoreRequest;
  return form == BifrostForm::transcription ? kTranscriptionParts : kHttpRequest;
}

Result<Target> split_model(const std::string& model) {
  const std::size_t slash = model.find('/');
  if (slash == std::string::npos) return fail(ErrorCode::invalid, "the model is not \"provider/model\"");
  return Target{model.substr(0, slash), model.substr(slash + 1)};
}

Result<Target> target_of(BifrostForm form, Value& request) {
  const std::string model = text_of(field(request_type(form), request, "model"));
  if (form != BifrostForm::core) return split_model(model);
  return Target{text_of(field(kCoreRequest, request, "provider")), model};
}

bool asks_for_stream(BifrostForm form, Value& request) {
  const Type& type = request_type(form);
  const Value& stream = field(type, request, "stream");
  if (stream.node != nullptr && stream.node->kind == JsonKind::true_) return true;
  const bool may_name_format = form == BifrostForm::chat || form == BifrostForm::speech;
  return may_name_format && text_of(field(type, request, "stream_format")) == "sse";
}

Result<Value> core_request(BifrostForm form, Value request) {
  if (form == BifrostForm::core) return request;
  Conversion conversion(request_type(form), std::move(request));
  if (auto status = move_input(form, conversion); !status) return fail(status.error());
  if (form == BifrostForm::transcription) return std::move(conversion).result();
  if (auto status = check_fallbacks(conversion.member("fallbacks")); !status) {
    return fail(status.error());
  }
  conversion.move_params();
  return std::move(conversion).result();
}

}  // namespace libcache::internal::bifrost
