#include "answer/policy.h"

#include <fmt/format.h>

#include <algorithm>

namespace libcache LIBCACHE_EXPORT {

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
    case Refusal::not_wanted:
      return "not_wanted";
    case Refusal::secret:
      return "secret";
    case Refusal::rejected:
      return "rejected";
  }
  return "unknown";
}

}  // namespace libcache LIBCACHE_EXPORT

namespace libcache::internal {

std::optional<Refused> reason_to_refuse(Completeness completeness, std::string_view reason, const Metadata& metadata,
                                        const AnswerPolicy& policy) {
  if (completeness == Completeness::error && !policy.accept_errors) {
    return Refused{Refusal::error, std::string(reason)};
  }
  if (completeness == Completeness::incomplete && !policy.accept_incomplete) {
    return Refused{Refusal::incomplete, std::string(reason)};
  }
  const auto ended_for = [&](const std::string& refused) { return has_finish_reason(metadata, refused); };
  const auto refused = std::ranges::find_if(policy.refuse, ended_for);
  if (refused == policy.refuse.end()) return std::nullopt;
  return Refused{Refusal::finish_reason, fmt::format("the answer ended for a refused reason: {}", *refused)};
}

}  // namespace libcache::internal
