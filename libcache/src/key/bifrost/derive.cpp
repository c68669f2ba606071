#include "key/bifrost/derive.h"

#include <fmt/format.h>

#include <ranges>

#include "base/hash.h"
#include "key/bifrost/decode.h"
#include "key/bifrost/schema.h"
#include "text/json/tree_writer.h"

namespace libcache::internal {

Result<std::unique_ptr<Scheme>> BifrostScheme::create(const KeyOptions& options) {
  if (!options.endpoint.empty()) return fail(ErrorCode::invalid, "Bifrost keys have no endpoint");
  if (!options.ignore.empty()) return fail(ErrorCode::invalid, "Bifrost keys have no ignore option");
  if (options.sample != 0) return fail(ErrorCode::invalid, "Bifrost keys have no samples");
  return std::unique_ptr<Scheme>(new BifrostScheme(options));
}

Status BifrostScheme::read(std::string_view request, RequestKey& key) {
  auto hashed = this->hashed(request, nullptr);
  if (!hashed) return fail(hashed.error());
  key.canonical = std::move(hashed->bytes);
  key.model = std::move(hashed->target.model);
  key.provider = std::move(hashed->target.provider);
  key.stream = hashed->stream;
  return {};
}

std::string BifrostScheme::hash(std::string_view canonical) const {
  return fmt::format("{:x}", xxh64(canonical));
}

Result<BifrostScheme::Hashed> BifrostScheme::hashed(std::string_view request, std::vector<bifrost::Trace>* traces) {
  if (auto status = request_.parse(request, JsonRules::go); !status) return fail(status.error());
  if (request_.root().kind != JsonKind::object) return fail(ErrorCode::invalid, "the request is not a JSON object");
  const auto form = this->form();
  if (!form) return fail(form.error());

  bifrost::Decoder decoder(request_);
  auto decoded = decoder.decode(bifrost::request_type(*form), request_.root());
  if (!decoded) return fail(decoded.error());
  auto target = bifrost::target_of(*form, *decoded);
  if (!target) return fail(target.error());
  if (options_.provider) target->provider = *options_.provider;
  Hashed hashed{*std::move(target), "{", bifrost::asks_for_stream(*form, *decoded)};
  const auto core = bifrost::core_request(*form, *std::move(decoded));
  if (!core) return fail(core.error());

  hashed.bytes.reserve(request.size());
  write_target(hashed.bytes, hashed.target);
  if (traces != nullptr) traces->resize(request_.nodes().size());
  const MinusZero minus_zero = *form == BifrostForm::core ? MinusZero::negative : MinusZero::zero;
  bifrost::Encoder(hashed.bytes, request_, minus_zero, traces).write_fields(bifrost::kCoreRequest, *core);
  hashed.bytes += '}';
  if (traces != nullptr) {
    for (const auto& [earlier, later] : std::views::reverse(decoder.merged())) {
      (*traces)[request_.index_of(*earlier)] = (*traces)[request_.index_of(*later)];
    }
  }
  return hashed;
}

Result<BifrostForm> BifrostScheme::form() const {
  if (options_.form != BifrostForm::detect) return options_.form;
  const JsonNode* const input = find_member("input");
  if (input != nullptr && input->kind == JsonKind::object) return BifrostForm::core;
  if (find_member("messages") != nullptr) return BifrostForm::chat;
  if (find_member("text") != nullptr) return BifrostForm::text;
  if (input != nullptr && input->kind == JsonKind::string) {
    return find_member("voice") != nullptr ? BifrostForm::speech : BifrostForm::embeddings;
  }
  return fail(ErrorCode::invalid, "the request has none of the inputs that a Bifrost gateway takes");
}

// The last member of the request with this name; nullptr if there is none.
const JsonNode* BifrostScheme::find_member(std::string_view name) const {
  const JsonNode* found = nullptr;
  const JsonNode& root = request_.root();
  for (std::uint32_t member = request_.index_of(root) + 1; member < root.end; member = request_.node(member).end) {
    if (bifrost::matches(request_.node(member).name, name)) found = &request_.node(member);
  }
  return found;
}

// Writes the members that the options let count, and that are not empty.
void BifrostScheme::write_target(std::string& out, const bifrost::Target& target) const {
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
