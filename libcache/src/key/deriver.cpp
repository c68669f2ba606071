#include <libcache/key.h>

#include "key/names.h"
#include "key/scheme.h"

namespace libcache {

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

KeyDeriver::KeyDeriver(std::unique_ptr<State> state) : state_(std::move(state)) {}
KeyDeriver::KeyDeriver(KeyDeriver&&) noexcept = default;
KeyDeriver& KeyDeriver::operator=(KeyDeriver&&) noexcept = default;
KeyDeriver::~KeyDeriver() = default;

const KeyOptions& KeyDeriver::options() const {
  return state_->options;
}

Result<KeyDeriver> KeyDeriver::create(KeyOptions options) {
  auto scheme = create_scheme(options);
  if (!scheme) return tl::make_unexpected(scheme.error());
  return KeyDeriver(std::make_unique<State>(State{std::move(options), *std::move(scheme)}));
}

Result<RequestKey> KeyDeriver::derive(std::string_view request) {
  RequestKey key;
  if (auto status = state_->scheme->read(request, key); !status) return tl::make_unexpected(status.error());
  name_entries(key, state_->options, state_->scheme->hash(key.canonical));
  return key;
}

}  // namespace libcache
