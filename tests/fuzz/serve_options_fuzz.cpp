// Fields of a request, one a line: what goes upstream holds none of the options and none of a connection's own fields, and what
// the options hold is within their limits.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/access.h"
#include "http/credential_session.h"
#include "http/request_options.h"
#include "text.h"

using namespace llmcache::serve;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

Headers fields_of(std::string_view lines) {
  Headers headers;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    const std::size_t colon = std::min(line.find(':'), line.size());
    headers.add(std::string(line.substr(0, colon)), std::string(line.substr(std::min(colon + 1, line.size()))));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
  }
  return headers;
}

void require_upstream_fields(const Headers& headers) {
  const Headers sent = upstream_fields(headers);
  for (const char* name :
       {"connection", "transfer-encoding", "content-length", "host", "te", "upgrade", "x-llmcache-mode",
        "x-llmcache-session", "x-bf-cache-key", "x-bf-cache-ttl", "proxy-authorization"}) {
    require(!sent.first(name));
  }
  require(sent.count("accept-encoding") == 1);
  for (const std::string_view name : headers.list("connection")) {
    require(llmcache::equals_ignoring_case(name, "accept-encoding") || !sent.first(name));
  }
  const auto options = parse_request_options(sent);
  require(options && !options->session && !options->ttl && !options->sample && !options->mode &&
          options->ignore.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view lines(reinterpret_cast<const char*>(data), size);
  const Headers headers = fields_of(lines);
  require_upstream_fields(headers);
  require(is_known_host({}, lines, "127.0.0.1") == (host_of(lines) == "localhost" || host_of(lines) == "127.0.0.1"));
  require(session_of_credential("secret", credential_of(headers, lines)).size() == 32);
  const auto options = parse_request_options(headers);
  if (!options) {
    require(!options.error().message.empty());
    return 0;
  }
  require(!options->session || !options->session->empty());
  for (const std::string& pointer : options->ignore) require(pointer.starts_with('/'));
  return 0;
}
