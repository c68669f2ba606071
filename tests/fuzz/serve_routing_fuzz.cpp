// An upstream, a line feed and a request's target: a request goes to a known upstream, below its path, with its query unchanged.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "failure.h"
#include "http/routing.h"

using namespace llmcache;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

std::vector<std::string> known_urls(const std::string& added) {
  std::vector<std::string> urls{"https://api.openai.com", "https://api.anthropic.com",
                                "https://generativelanguage.googleapis.com", "http://127.0.0.1:11434"};
  // With its name before it, or without one.
  for (std::string url : {added, added.substr(std::min(added.find('=') + 1, added.size()))}) {
    while (url.ends_with('/')) url.pop_back();
    urls.push_back(url);
  }
  return urls;
}

void require_known(const std::vector<std::string>& known, std::string_view url, std::string_view target) {
  require(std::ranges::any_of(known, [&](const std::string& start) {
    return url.starts_with(start) && url.substr(start.size()).starts_with('/');
  }));
  const std::size_t query = target.find('?');
  require(query == target.npos ? url.find('?') == url.npos : url.ends_with(target.substr(query)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(input.find('\n'), input.size());
  const std::string added(input.substr(0, line));
  const std::string_view target = input.substr(std::min(line + 1, size));
  auto upstreams = serve::Upstreams::built_in();
  try {
    upstreams.add(added);
  } catch (const Failure&) {
    return 0;
  }
  const auto url = upstreams.url_of(target);
  require(!url || target.starts_with('/'));
  if (url) require_known(known_urls(added), *url, target);
  return 0;
}
