#include <libcache/key.h>

#include "base/hash.h"
#include "key/names.h"
#include "key/scheme.h"

namespace libcache LIBCACHE_EXPORT {

using namespace internal;

struct KeyDeriver::State {
  KeyOptions options;
  std::unique_ptr<Scheme> scheme;
};

KeyOptions KeyOptions::bifrost() {
  KeyOptions options;
  options.scheme = KeyScheme::bifrost;
  options.prefix.clear();
  return options;
}

Digest RequestKey::proof() const {
  constexpr std::string_view kZero("\0", 1);
  const std::string_view parts[] = {session, kZero, endpoint, kZero, canonical, kZero, left_out};
  return sha256_of(left_out.empty() ? std::span(parts).first(5) : std::span(parts));
}

KeyDeriver::KeyDeriver(std::unique_ptr<State> state) : state_(std::move(state)) {}
KeyDeriver::KeyDeriver(KeyDeriver&&) noexcept = default;
KeyDeriver& KeyDeriver::operator=(KeyDeriver&&) noexcept = default;
KeyDeriver::~KeyDeriver() = default;

const KeyOptions& KeyDeriver::options() const {
  return state_->options;
}

Result<KeyDeriver> KeyDeriver::create(KeyOptions options) {
  auto endpoint = options.endpoint.empty() ? std::string() : normal_endpoint(options.endpoint);
  if (!endpoint) return fail(endpoint.error());
  options.endpoint = *std::move(endpoint);
  auto scheme = create_scheme(options);
  if (!scheme) return fail(scheme.error());
  return KeyDeriver(std::make_unique<State>(State{std::move(options), *std::move(scheme)}));
}

Result<RequestKey> KeyDeriver::derive(std::string_view request) {
  RequestKey key;
  if (auto status = state_->scheme->read(request, key); !status) return fail(status.error());
  key.hash = state_->scheme->hash(key.canonical);
  key.session = state_->options.session;
  key.endpoint = state_->options.endpoint;
  name_entries(key, state_->options);
  return key;
}

}  // namespace libcache LIBCACHE_EXPORT
