// The Cache-Status field (RFC 9211).
#pragma once

#include <string>
#include <string_view>

#include "answers/source.h"

namespace llmcache::serve {

std::string hit_status(const Hit& hit, std::string_view key, libcache::UnixTime now);
std::string miss_status(const Miss& miss);
std::string bypass_status(std::string_view detail);
// What is added to say why an answer will not be stored; empty for an empty text.
std::string detail_parameter(std::string_view text);

}  // namespace llmcache::serve
