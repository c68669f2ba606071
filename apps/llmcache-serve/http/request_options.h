// What a client asks of the cache: the x-llmcache-* and x-bf-cache-* fields and the directives of Cache-Control.
#pragma once

#include <libcache/cache.h>
#include <libcache/result.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/mode.h"
#include "http/headers.h"

namespace llmcache::serve {

// The request directives of RFC 9111, section 5.2.1, that a cache of answers can honour.
struct CacheControl {
  bool no_store = false;
  bool no_cache = false;
  bool only_if_cached = false;
  std::optional<std::chrono::seconds> max_age;
};

// Never fails: unknown directives are ignored, and a max-age that is not a number accepts no stored answer.
CacheControl parse_cache_control(const Headers& headers);

struct RequestOptions {
  std::optional<std::string> session;
  std::optional<libcache::Ttl> ttl;
  std::optional<unsigned> sample;
  std::optional<Mode> mode;
  std::vector<std::string> ignore;
  CacheControl cache_control;
};

// Fails (invalid) for a malformed field, with a message that names it.
libcache::Result<RequestOptions> parse_request_options(const Headers& headers);

}  // namespace llmcache::serve
