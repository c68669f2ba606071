// The values of Cache-Control fields, one a line: letter case does not count, and neither does a directive of another name.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/request_options.h"

using namespace llmcache::serve;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

bool are_equal(const CacheControl& left, const CacheControl& right) {
  return left.no_store == right.no_store && left.no_cache == right.no_cache &&
         left.only_if_cached == right.only_if_cached && left.max_age == right.max_age;
}

CacheControl parse(std::string_view lines, std::string_view before, std::string_view name) {
  Headers headers;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    headers.add(std::string(name), std::string(before) + std::string(lines.substr(0, end)));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return parse_cache_control(headers);
}

std::string upper(std::string text) {
  for (char& character : text) {
    if (character >= 'a' && character <= 'z') character = static_cast<char>(character - 'a' + 'A');
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string lines(reinterpret_cast<const char*>(data), size);
  const CacheControl control = parse(lines, "", "cache-control");
  require(!control.max_age || control.max_age->count() >= 0);
  require(are_equal(control, parse(upper(lines), "", "Cache-Control")));
  require(are_equal(control, parse(lines, "max-stale=\"a, no-store\" , ,", "cache-control")));
  require(are_equal(CacheControl{}, parse(lines, "", "x-cache-control")));
  CacheControl stored = parse(lines, "no-store,", "cache-control");
  require(lines.empty() || stored.no_store);
  stored.no_store = control.no_store;
  require(are_equal(control, stored));
  return 0;
}
