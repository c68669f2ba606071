#include "answer/judge.h"

#include <fmt/format.h>

#include <utility>

namespace libcache::internal {

namespace {

// A ping: keeps a connection open, and is not part of the answer.
bool is_ping(const AnswerEvent& event) {
  if (event.name == "ping") return true;
  constexpr std::uint32_t kMostMembers = 2;
  if (!event.is_json || event.json.size() > kMostMembers) return false;
  return event.json["type"].equals("ping") || event.json["event"].equals("ping");
}

// An event without data, [DONE], or {} without a name does not count.
bool says_something(const AnswerEvent& event) {
  if (event.is_done || event.data.empty()) return false;
  const bool is_named = !event.name.empty() && event.name != "message";
  return event.form != EventForm::sse || is_named || !event.json.is(JsonKind::object) || event.json.size() > 0;
}

std::string describe_error(JsonValue error) {
  Findings findings;
  findings.add_error(error);
  return findings.error;
}

}  // namespace

void Judge::read(const AnswerEvent& event) {
  is_last_whole_ = event.is_whole;
  form_ = event.form;
  if (event.is_failure) return findings_.add_error(event.name);
  has_cut_event_ = has_cut_event_ || !event.is_whole;
  if (!event.is_whole || is_ping(event) || read_trailing_number(event)) return;
  read_whole(unwrapped(event));
}

void Judge::read_whole(const AnswerEvent& event) {
  findings_.done_marker = findings_.done_marker || event.is_done;
  if (says_something(event)) {
    ++count_;
    trailing_status_.clear();
    find_protocol_of(event);
    if (protocol_ != nullptr && protocol_->is_body != nullptr && protocol_->is_body(event)) ++bodies_;
    read_shape(event);
  }
  read_event(protocol_, event, findings_);
}

// curl -w prints a status after the answer. A number counts as that only if nothing follows it.
bool Judge::read_trailing_number(const AnswerEvent& event) {
  const bool is_number = !event.is_json || event.json.is(JsonKind::integer) || event.json.is(JsonKind::decimal);
  if (event.form != EventForm::value || count_ == 0 || !is_number) return false;
  const bool is_error = event.data.size() == 3 && (event.data[0] == '4' || event.data[0] == '5');
  if (is_error) trailing_status_ = event.data;
  return true;
}

void Judge::find_protocol_of(const AnswerEvent& event) {
  if (is_doubtful_) {
    const bool is_confirmed = protocol_->confirms != nullptr && protocol_->confirms(event);
    if (!is_confirmed && !protocol_->matches(event)) protocol_ = nullptr;
  }
  is_doubtful_ = false;
  if (protocol_ != nullptr) return;
  protocol_ = find_protocol(event);
  if (protocol_ == nullptr) return;
  is_doubtful_ = protocol_->is_doubtful != nullptr && protocol_->is_doubtful(event);
}

void Judge::read_shape(const AnswerEvent& event) {
  if (event.form == EventForm::frame && event.json.has("amazon-bedrock-invocationMetrics")) has_bedrock_end_ = true;
  if (protocol_ != nullptr && protocol_->is_text != nullptr && protocol_->is_text(event)) return;
  const bool is_named_error = event.form == EventForm::sse && event.name == "error";
  const Shape known = judge_shape(event.json, Position::known_protocol, is_known_success_);
  const bool is_error = known.completeness == Completeness::error || is_named_error;
  const JsonValue error = known.error ? known.error : event.json;
  if (protocol_ != nullptr) {
    if (is_error) findings_.add_error(error);
    return;
  }
  // In mid-stream of an unknown protocol it may be a warning.
  if (is_error && early_error_.empty()) early_error_ = describe_error(error);
  const bool has_code_and_message = is_named_error && event.json["code"] && event.json["message"];
  if (has_code_and_message) return findings_.add_error(event.json);
  const Shape shape = judge_shape(event.json, Position::mid_stream, is_known_success_);
  if (shape.completeness == Completeness::error) return findings_.add_error(shape.error);
  if (event.form == EventForm::element) return;
  const Shape last = judge_shape(event.json, Position::whole, is_known_success_);
  const bool is_null = event.is_json && !event.json && event.name.empty();  // event: end needs no data
  last_ = is_named_error || is_null ? Completeness::error : last.completeness;
  last_reason_ = is_null                             ? "the answer is null"
                 : last_ == Completeness::error      ? describe_error(last.error ? last.error : event.json)
                 : last_ == Completeness::incomplete ? "the job has not ended: its status is " + last.status
                                                     : "";
}

bool Judge::is_stream() const {
  switch (form_) {
    case EventForm::value:
      return count_ > 1;
    case EventForm::element:
      return has_protocol();
    default:
      return count_ > 0;
  }
}

// Whether the answer was not streamed: one value, or several that are each a whole answer.
bool Judge::is_body() const {
  if (form_ == EventForm::frame) return false;
  if (protocol_->is_body != nullptr) return bodies_ == count_;
  return count_ == 1 && form_ == EventForm::value;
}

std::string Judge::describe_lack() const {
  const bool is_one_value = form_ == EventForm::value && count_ == 0;
  if (!is_last_whole_)
    return is_one_value ? "the answer is JSON that was cut short" : "the answer ended inside an event";
  if (count_ == 0) return "the stream ended before its first event";
  if (protocol_ == nullptr) return last_ == Completeness::incomplete ? last_reason_ : "";
  if (has_cut_event_ && protocol_->is_text == nullptr) return "an event in the middle of the answer was cut short";
  if (has_bedrock_end_) return "";
  if (!findings_.unfinished_body.empty()) return findings_.unfinished_body;
  if (is_body()) {
    if (!findings_.ended.value_or(true)) return "the answer says that it is not finished";
    return protocol_->missing_in_body != nullptr ? protocol_->missing_in_body(findings_) : "";
  }
  if (protocol_->missing != nullptr) return protocol_->missing(findings_);
  return findings_.ended.value_or(false) ? "" : "the stream ended without " + std::string(protocol_->end);
}

Verdict Judge::finish() {
  if (protocol_ != nullptr && findings_.error.empty()) findings_.error = early_error_;
  if (protocol_ == nullptr && last_ == Completeness::error && findings_.error.empty()) findings_.error = last_reason_;
  if (!trailing_status_.empty()) findings_.add_error(trailing_status_);
  if (!findings_.error.empty()) return {Completeness::error, std::move(findings_.error), std::move(findings_.metadata)};
  std::string lack = describe_lack();
  const auto completeness = lack.empty() ? Completeness::complete : Completeness::incomplete;
  return {completeness, std::move(lack), std::move(findings_.metadata)};
}

bool is_success(int status) {
  return status >= 200 && status <= 299;
}

Verdict judge_status(int status) {
  if (status >= 400) return {Completeness::error, fmt::format("the HTTP status is {}", status), {}};
  if (status > 0 && !is_success(status)) {
    return {Completeness::incomplete, fmt::format("the HTTP status is {}", status), {}};
  }
  return {};
}

}  // namespace libcache::internal
