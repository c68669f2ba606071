// The header fields of a body that is served from a recording.
#pragma once

#include <libcache/entry.h>

#include <string_view>

#include "http/headers.h"

namespace llmcache::serve {

// Content type and content encoding, from what is known of the answer and from the first bytes of its body.
Headers body_fields(const libcache::Metadata& metadata, libcache::EntryKind kind, std::string_view first_bytes);

}  // namespace llmcache::serve
