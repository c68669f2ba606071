#pragma once

#include <optional>
#include <string_view>

#include "answer/framing/framer.h"

namespace libcache::internal {

// Whether an answer that begins with `text` is an AWS event stream; nullopt while `text` is too short to decide.
std::optional<bool> begins_with_frame(std::string_view text);

}  // namespace libcache::internal
