#pragma once

#include <optional>
#include <string_view>

#include "answer/framing/framer.h"

namespace libcache::internal {

// Whether an answer that begins with `text` is an AWS event stream; nothing while that is too short to tell.
std::optional<bool> begins_with_frame(std::string_view text);

}  // namespace libcache::internal
