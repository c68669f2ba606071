#include "key/bifrost/derive.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "key/bifrost/schema.h"
#include "text/json/tree_writer.h"

namespace libcache::internal {

using bifrost::find_member;

Result<std::unique_ptr<Scheme>> BifrostScheme::create(const KeyOptions& options) {
  if (!options.ignore.empty()) return fail(ErrorCode::invalid, "Bifrost keys have no ignore option");
  if (options.sample != 0) return fail(ErrorCode::invalid, "Bifrost keys have no samples");
  return std::unique_ptr<Scheme>(new BifrostScheme(options));
}

Status BifrostScheme::read(std::string_view request, RequestKey& key) {
  key.canonical.reserve(request.size());
  auto target = write(request, key.canonical, nullptr);
  if (!target) return tl::make_unexpected(target.error());
  key.model = std::move(target->model);
  key.provider = std::move(target->provider);
  const JsonNode* const stream = find_member(request_, request_.root(), "stream");
  key.stream = stream != nullptr && stream->kind == JsonKind::true_;
  return {};
}

std::string BifrostScheme::hash(std::string_view canonical) const {
  return fmt::format("{:x}", xxh64(canonical));
}

Result<BifrostScheme::Target> BifrostScheme::write(std::string_view request, std::string& canonical,
                                                   std::vector<bifrost::Trace>* traces) {
  if (auto status = request_.parse(request, JsonRules::go); !status) return tl::make_unexpected(status.error());
  if (request_.root().kind != JsonKind::object) return fail(ErrorCode::invalid, "the request is not a JSON object");
  if (traces != nullptr) traces->resize(request_.nodes().size());
  const auto form = this->form();
  if (!form) return tl::make_unexpected(form.error());
  auto target = this->target(*form);
  if (!target) return target;
  canonical = "{";
  write_target(canonical, *target);
  bifrost::RecordWriter writer(canonical, request_, traces);
  const auto status = writer.write_fields(bifrost::request_fields(*form), request_.root());
  if (!status) return tl::make_unexpected(status.error());
  canonical += '}';
  return target;
}

Result<BifrostForm> BifrostScheme::form() const {
  if (options_.form != BifrostForm::detect) return options_.form;
  const auto has = [this](std::string_view name) { return find_member(request_, request_.root(), name) != nullptr; };
  const JsonNode* const input = find_member(request_, request_.root(), "input");
  if (input != nullptr && input->kind == JsonKind::object) return BifrostForm::core;
  if (has("messages")) return BifrostForm::chat;
  if (has("text")) return BifrostForm::text;
  if (input != nullptr && input->kind == JsonKind::string) {
    return has("voice") ? BifrostForm::speech : BifrostForm::embeddings;
  }
  return fail(ErrorCode::invalid, "the request has none of the inputs that a Bifrost gateway takes");
}

// The value of a string member; empty where it is absent or null.
Result<std::string> BifrostScheme::text_of(const JsonNode* member) const {
  if (member == nullptr || member->kind == JsonKind::null) return std::string();
  if (member->kind != JsonKind::string) {
    return fail(ErrorCode::invalid, fmt::format("/{}: expected a string", member->name));
  }
  std::string scratch;
  return std::string(JsonDocument::unescape(*member, scratch));
}

Result<BifrostScheme::Target> BifrostScheme::target(BifrostForm form) const {
  Target target;
  target.model_node = target.provider_node = find_member(request_, request_.root(), "model");
  auto model = text_of(target.model_node);
  if (!model) return tl::make_unexpected(model.error());
  if (form == BifrostForm::core) {
    target.provider_node = find_member(request_, request_.root(), "provider");
    auto provider = text_of(target.provider_node);
    if (!provider) return tl::make_unexpected(provider.error());
    target.provider = *std::move(provider);
    target.model = *std::move(model);
  } else {
    const std::size_t slash = model->find('/');
    if (slash == std::string::npos) return fail(ErrorCode::invalid, "the model is not \"provider/model\"");
    target.provider = model->substr(0, slash);
    target.model = model->substr(slash + 1);
  }
  if (options_.provider) target.provider = *options_.provider;
  return target;
}

// Writes the members that the options let count, and that are not empty.
void BifrostScheme::write_target(std::string& out, const Target& target) const {
  if (options_.by_provider && !target.provider.empty()) {
    out += "\"provider\":";
    append_go_string(out, target.provider);
  }
  if (options_.by_model && !target.model.empty()) {
    append_comma(out);
    out += "\"model\":";
    append_go_string(out, target.model);
  }
}

}  // namespace libcache::internal
