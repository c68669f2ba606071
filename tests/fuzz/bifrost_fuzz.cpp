// Any request to a Bifrost gateway: the hashed text is JSON and a request in the gateway's own form with the same hash, and explain
// agrees that the request has a key.
#include <libcache/key.h>

#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

using namespace libcache;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

KeyDeriver deriver(BifrostForm form) {
  KeyOptions options = KeyOptions::bifrost();
  options.form = form;
  return *KeyDeriver::create(options);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static KeyDeriver any_form = deriver(BifrostForm::detect);
  static KeyDeriver core = deriver(BifrostForm::core);
  const std::string_view request(reinterpret_cast<const char*>(data), size);
  const auto key = any_form.derive(request);
  require(explain(any_form.options(), request).has_value() == key.has_value());
  if (!key) return 0;
  require(nlohmann::json::accept(key->canonical));
  // The gateway writes an absent content or voice as null, which it would read as "".
  if (key->canonical.find("null") != std::string::npos) return 0;
  const auto again = core.derive(key->canonical);
  require(again && again->canonical == key->canonical);
  return 0;
}
