#include "answer/shapes/general.h"

#include <algorithm>

#include "answer/shapes/job_status.h"
#include "text/ascii.h"
#include "text/trim.h"

namespace libcache::internal {

namespace {

template <std::size_t size>
bool is_any_of(std::string_view word, const std::string_view (&words)[size]) {
  return std::ranges::find(words, word) != std::end(words);
}

bool is_blank(JsonValue value) {
  return !value || (value.is(JsonKind::string) && trimmed(value.text()).empty());
}

bool is_empty(JsonValue value) {
  const bool is_container = value.is(JsonKind::object) || value.is(JsonKind::array);
  return is_container ? value.size() == 0 : is_blank(value);
}

// Whether every member but those called `except` passes `test`.
template <class Test>
bool all_members(JsonValue json, const Test& test) {
  bool all = true;
  json.each_member([&](std::string_view name, JsonValue value) { all = all && test(name, value); });
  return all;
}

bool holds_text_or_nothing_else(JsonValue json, std::string_view mark) {
  if (json.size() == 1) return true;
  return !all_members(json, [mark](std::string_view name, JsonValue value) {
    return name == mark || !value.is(JsonKind::string) || is_blank(value);
  });
}

// "type": "error" and its like, or "success": false.
bool is_marked_as_error(JsonValue json) {
  for (const char* const mark : {"type", "object", "event"}) {
    if (json[mark].equals("error") && holds_text_or_nothing_else(json, mark)) return true;
  }
  return json["success"].is(JsonKind::false_) && holds_text_or_nothing_else(json, "success");
}

// "errors": [...] of GraphQL, Cloudflare, watsonx and others.
bool is_error_list(JsonValue json) {
  const JsonValue errors = json["errors"];
  if (!errors.is(JsonKind::array) || errors.size() == 0) return false;
  constexpr std::string_view kBeside[] = {"errors", "success",     "messages", "extensions",
                                          "trace",  "status_code", "id",       "name"};
  const bool fits = all_members(json, [&](std::string_view name, JsonValue value) {
    return is_any_of(name, kBeside) || ((name == "data" || name == "result") && is_empty(value));
  });
  bool are_errors = true;
  errors.each([&](JsonValue element) {
    const bool has_only_message = element.size() == 1 + (element.has("code") ? 1U : 0U);
    const bool is_object = element["message"] && (has_only_message || element["code"] || element["locations"]);
    are_errors = are_errors && (is_object || (element.is(JsonKind::string) && json["name"]));
  });
  return fits && are_errors;
}

bool is_http_error(JsonValue status) {
  const auto number = status.integer();
  return number && *number >= 400 && *number <= 599;
}

// Whether a code, status or type says that all went well.
bool says_success(JsonValue value) {
  constexpr std::string_view kWords[] = {"ok", "success", "succeeded", "completed", "done", "end"};
  if (const auto number = value.integer()) return *number == 0 || (*number >= 200 && *number <= 299);
  const std::string text = to_lower(value.text());
  const bool is_2xx = text.size() == 3 && text[0] == '2' && text.find_first_not_of("0123456789") == std::string::npos;
  return is_any_of(text, kWords) || text == "0" || is_2xx;
}

bool is_number_other_than_zero(JsonValue value) {
  return (value.is(JsonKind::integer) || value.is(JsonKind::decimal)) && !value.is_zero();
}

bool is_error_code(JsonValue code) {
  return is_number_other_than_zero(code) || (code.is(JsonKind::string) && !is_blank(code) && !code.equals("0"));
}

// Each with the value that holds the error's code.
JsonValue find_error(JsonValue json, Position position, bool is_known_success) {
  const JsonValue error = json["error"];
  if (position == Position::mid_stream) {
    const bool counts = error["code"] && error["message"] && is_error(error);
    return counts ? error : JsonValue();
  }
  if (is_error(error)) return error;
  if (is_marked_as_error(json)) return json;
  if (position == Position::known_protocol) {
    return json["success"].is(JsonKind::false_) && is_error_list(json) ? json : JsonValue();
  }
  if (is_error_list(json) || is_error_code(json["error_code"])) return json;
  if (is_number_other_than_zero(json["base_resp"]["status_code"])) return json["base_resp"];
  if (const JsonValue inner = json["Response"]["Error"]) return inner;
  if (is_http_error(json["status"]) || is_http_error(json["statusCode"])) return json;
  return !is_known_success && is_gateway_error(json) ? json : JsonValue();
}

}  // namespace

bool is_error(JsonValue error) {
  if (!error || error.is(JsonKind::false_) || error.is_zero()) return false;
  if (error.is(JsonKind::string)) return !is_blank(error) && to_lower(trimmed(error.text())) != "none";
  if (error.is(JsonKind::array)) return error.size() > 0;
  return !error.is(JsonKind::object) || !all_members(error, [](std::string_view, JsonValue v) { return is_blank(v); });
}

bool is_gateway_error(JsonValue json) {
  constexpr std::string_view kMessages[] = {"message", "Message", "msg", "err_msg", "detail"};
  constexpr std::string_view kBeside[] = {
      "code",    "status",   "statusCode",       "statusText", "title", "type",  "param",     "instance",
      "details", "trace_id", "request_id",       "requestId",  "sid",   "logid", "timestamp", "path",
      "__type",  "err_code", "documentation_url"};
  const JsonValue detail = json["detail"];
  bool has_message = detail.is(JsonKind::array) || detail.is(JsonKind::object);
  const bool fits = all_members(json, [&](std::string_view name, JsonValue value) {
    const bool is_message = is_any_of(name, kMessages);
    has_message = has_message || (is_message && value.is(JsonKind::string));
    return is_message || is_any_of(name, kBeside) || ((name == "data" || name == "result") && is_empty(value));
  });
  return fits && has_message && !says_success(json["code"]) && !says_success(json["status"]) &&
         !says_success(json["type"]);
}

Shape judge_shape(JsonValue json, Position position, bool is_known_success) {
  if (const JsonValue error = find_error(json, position, is_known_success)) return {Completeness::error, error, {}};
  if (position != Position::whole) return {};
  const JobStatus job = read_job_status(json);
  return {job.completeness, job.completeness == Completeness::error ? json : JsonValue(), job.word};
}

}  // namespace libcache::internal
