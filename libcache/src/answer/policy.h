// Which answers may be stored.
#pragma once

#include <libcache/answer.h>

#include <optional>
#include <string>

namespace libcache::internal {

struct Refused {
  Refusal refusal;
  std::string message;  // for people
};

// Why `answer` may not be stored; nothing: it may. Pure.
std::optional<Refused> reason_to_refuse(const Answer& answer, const AnswerPolicy& policy, bool allow_errors);

}  // namespace libcache::internal
