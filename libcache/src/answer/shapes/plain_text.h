// Answers that are neither JSON nor events: what a proxy sends in an API's place, or a text.
#pragma once

#include <string>
#include <string_view>

namespace libcache::internal {

// Why a text is an error, for people; empty: it is an answer.
std::string describe_text_error(std::string_view text);

}  // namespace libcache::internal
