// A JSON pointer, a line feed and a request: a request and its canonical text have the same key, and explain and diff agree with
// that.
#include <libcache/key.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace libcache;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(input.find('\n'), input.size());
  const std::string_view request = input.substr(std::min(line + 1, size));
  KeyOptions options;
  options.ignore = {std::string(input.substr(0, line))};
  if (size % 3 == 0) options.provider = "azure";
  auto deriver = KeyDeriver::create(options);
  if (!deriver) return 0;
  const auto key = deriver->derive(request);
  require(explain(options, request).has_value() == key.has_value());
  if (!key) return 0;
  const auto again = deriver->derive(key->canonical);
  require(again && again->canonical == key->canonical && again->base == key->base);
  const auto differences = diff(options, request, key->canonical);
  require(differences && differences->empty());
  return 0;
}
