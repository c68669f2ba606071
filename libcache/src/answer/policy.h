// Which answers may be stored.
#pragma once

#include <libcache/answer.h>

#include <optional>
#include <string>
#include <string_view>

namespace libcache::internal {

struct Refused {
  Refusal refusal;
  std::string message;  // for people
};

// Why an answer of this completeness and metadata may not be stored, or a stored one not be served; `reason` says what
// is wrong with it. Nothing: it may. Pure.
std::optional<Refused> reason_to_refuse(Completeness completeness, std::string_view reason, const Metadata& metadata,
                                        const AnswerPolicy& policy);

}  // namespace libcache::internal
