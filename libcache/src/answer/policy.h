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

// Why an answer with this completeness and metadata must not be stored or served; nullopt if it may be. `reason` says
// what is wrong with the answer. Pure.
std::optional<Refused> reason_to_refuse(Completeness completeness, std::string_view reason, const Metadata& metadata,
                                        const AnswerPolicy& policy);

}  // namespace libcache::internal
