#include <libcache/key.h>

#include "base/hash.h"
#include "key/names.h"
#include "key/native.h"
#include "key/request.h"
#include "text/canonical.h"
#include "text/json.h"

namespace libcache {

struct KeyDeriver::State {
  KeyOptions options;
  NativeScheme scheme;
  std::string name_front;  // "{prefix}{session}_"
  JsonDocument request;
  std::vector<Exclusion> exclusions;
  std::vector<std::uint32_t> removed;
};

KeyDeriver::KeyDeriver(std::unique_ptr<State> state) : state_(std::move(state)) {}
KeyDeriver::KeyDeriver(KeyDeriver&&) noexcept = default;
KeyDeriver& KeyDeriver::operator=(KeyDeriver&&) noexcept = default;
KeyDeriver::~KeyDeriver() = default;

const KeyOptions& KeyDeriver::options() const {
  return state_->options;
}

Result<KeyDeriver> KeyDeriver::create(KeyOptions options) {
  if (auto status = check_names(options); !status) return tl::make_unexpected(status.error());
  auto scheme = NativeScheme::create(options);
  if (!scheme) return tl::make_unexpected(scheme.error());
  std::string name_front = options.prefix + options.session + '_';
  return KeyDeriver(std::make_unique<State>(
      State{std::move(options), *std::move(scheme), std::move(name_front), JsonDocument(), {}, {}}));
}

Result<RequestKey> KeyDeriver::derive(std::string_view request) {
  State& state = *state_;
  if (auto status = parse_request(request, state.request); !status) return tl::make_unexpected(status.error());
  const JsonNode& root = state.request.root();
  state.scheme.exclude(state.request, state.exclusions);
  state.removed.clear();
  for (const Exclusion& exclusion : state.exclusions) state.removed.push_back(exclusion.node);

  RequestKey key;
  key.canonical.reserve(request.size());
  append_canonical(key.canonical, state.request, root, {state.removed, state.scheme.added()});
  key.base = state.name_front + xxh3_128_hex(key.canonical);
  name_entries(key, state.options.sample);
  const JsonNode* const stream = state.request.find(root, "stream");
  key.stream = stream != nullptr && stream->kind == JsonKind::true_;
  const JsonNode* const model = state.request.find(root, "model");
  if (model != nullptr && model->kind == JsonKind::string) {
    std::string scratch;
    key.model = JsonDocument::unescape(*model, scratch);
  }
  return key;
}

}  // namespace libcache
