#include "answer/shapes/job_status.h"

#include <algorithm>

#include "text/ascii.h"

namespace libcache::internal {

namespace {

constexpr std::string_view kFailed[] = {"failed", "fail", "error", "cancelled", "canceled", "expired", "timedout"};
constexpr std::string_view kUnfinished[] = {
    "created", "waiting", "preparing",  "queued",     "queueing",   "inqueue",    "pending",   "submitted", "starting",
    "started", "running", "processing", "inprogress", "validating", "finalizing", "canceling", "cancelling"};

// In lower case, without - and _, and without a beginning such as JOB_STATE_.
std::string normal_word(std::string_view status) {
  std::string word = to_lower(status);
  constexpr std::string_view kState = "_state_";
  if (const std::size_t state = word.find(kState); state != std::string::npos) word.erase(0, state + kState.size());
  std::erase_if(word, [](char character) { return character == '-' || character == '_'; });
  return word;
}

bool names_job(JsonValue json) {
  constexpr std::string_view kIds[] = {"id", "job", "uuid", "object"};
  constexpr std::string_view kKinds[] = {"request", "task", "job", "run", "batch", "prediction", "operation"};
  bool names = false;
  json.each_member([&](std::string_view name, JsonValue value) {
    if (!value || names) return;
    names = std::ranges::find(kIds, name) != std::end(kIds) || name.ends_with("Arn") ||
            (name == "name" && value.text().find('/') != std::string::npos);
    for (const std::string_view kind : kKinds) {
      const std::string_view rest = name.starts_with(kind) ? name.substr(kind.size()) : std::string_view();
      names = names || rest == "_id" || rest == "Id";
    }
  });
  return names;
}

// Where a status may be: in the value itself, or in one of its members.
struct Place {
  const char* inner;  // nullptr: the value itself
  const char* member;
};
constexpr Place kPlaces[] = {{nullptr, "status"}, {nullptr, "processing_status"}, {nullptr, "task_status"},
                             {nullptr, "state"},  {"output", "task_status"},      {"data", "task_status"},
                             {"data", "status"},  {"metadata", "state"}};

bool is_unfinished_operation(JsonValue json) {
  const std::string name = json["name"].text();
  return name.find("operations/") != std::string::npos && !json["done"].is(JsonKind::true_);
}

}  // namespace

JobStatus read_job_status(JsonValue json) {
  JobStatus found;
  for (const Place& place : kPlaces) {
    const JsonValue holder = place.inner != nullptr ? json[place.inner] : json;
    const std::string status = holder[place.member].text();
    if (status.empty() || !(names_job(json) || names_job(holder))) continue;
    const std::string word = normal_word(status);
    if (std::ranges::find(kFailed, word) != std::end(kFailed)) return {Completeness::error, status};
    const bool is_unfinished = std::ranges::find(kUnfinished, word) != std::end(kUnfinished);
    if (is_unfinished) found = {Completeness::incomplete, status};
  }
  if (is_unfinished_operation(json)) return {Completeness::incomplete, "not done"};
  return found;
}

}  // namespace libcache::internal
