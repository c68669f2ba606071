#include "answer/policy.h"

#include <fmt/format.h>

#include <algorithm>

namespace libcache {

std::string_view to_string(Refusal refusal) {
  switch (refusal) {
    case Refusal::incomplete:
      return "incomplete";
    case Refusal::error:
      return "error";
    case Refusal::finish_reason:
      return "finish_reason";
    case Refusal::too_large:
      return "too_large";
    case Refusal::unservable:
      return "unservable";
  }
  return "unknown";
}

}  // namespace libcache

namespace libcache::internal {

std::optional<Refused> reason_to_refuse(const Answer& answer, const AnswerPolicy& policy, bool allow_errors) {
  if (answer.completeness == Completeness::error && !allow_errors) return Refused{Refusal::error, answer.reason};
  if (answer.completeness == Completeness::incomplete && !allow_errors && !policy.accept_incomplete) {
    return Refused{Refusal::incomplete, answer.reason};
  }
  const auto ended_for = [&](const std::string& reason) { return has_finish_reason(answer.metadata, reason); };
  const auto refused = std::ranges::find_if(policy.refuse, ended_for);
  if (refused == policy.refuse.end()) return std::nullopt;
  return Refused{Refusal::finish_reason, fmt::format("the answer ended for a refused reason: {}", *refused)};
}

}  // namespace libcache::internal
