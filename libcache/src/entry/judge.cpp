#include "entry/judge.h"

namespace libcache {

namespace {

constexpr std::string_view kDone = "[DONE]";

bool begins_as_json(std::string_view text) {
  return text.starts_with('{') || text.starts_with('[');
}

Verdict verdict_of(Completeness completeness, std::string reason, Progress& progress) {
  return {completeness, std::move(reason), std::move(progress.metadata)};
}

}  // namespace

void StreamJudge::read_event(JsonValue event) {
  if (error_.empty()) error_ = describe_error(event);
  if (protocol_ == nullptr) protocol_ = find_protocol(event);
  if (protocol_ != nullptr) protocol_->read(event, progress_);
}

// False: it is not JSON, or not all of it.
bool StreamJudge::read_json(std::string_view data) {
  if (!begins_as_json(data) || !document_.parse(data)) return false;
  read_event(JsonValue(document_));
  return true;
}

void StreamJudge::count(bool whole) {
  whole_last_ = whole;
  if (count_++ == 0) whole_first_ = whole;
}

void StreamJudge::read(const Event& event) {
  if (event.name == "error" && error_.empty()) error_ = "the stream has an error event";
  if (!event.data) return;
  const std::string_view data = trimmed(*event.data);
  if (data == kDone) progress_.done_marker = true;
  count(read_json(data) || data == kDone || !begins_as_json(data));
}

void StreamJudge::read_last(const Event& event) {
  const std::string_view data = trimmed(event.data.value_or(""));
  if (data != kDone && !begins_as_json(data)) return count(false);
  read(event);
}

Verdict StreamJudge::finish() {
  if (!error_.empty()) return verdict_of(Completeness::error, std::move(error_), progress_);
  std::string missing;
  if (count_ == 0) {
    missing = "the stream ended without any event";
  } else if (!whole_last_) {
    missing = "the stream ended inside an event";
  } else if (protocol_ != nullptr) {
    missing = protocol_->missing(progress_);
  }
  const auto completeness = missing.empty() ? Completeness::complete : Completeness::incomplete;
  return verdict_of(completeness, std::move(missing), progress_);
}

namespace {

// What a body says, or each element of one that is a list.
std::string read_body(JsonValue body, Progress& progress) {
  std::string error;
  const auto read = [&](JsonValue value) {
    if (error.empty()) error = describe_error(value);
    if (const Protocol* const protocol = find_protocol(value)) protocol->read(value, progress);
  };
  if (body.is(JsonKind::array)) {
    body.each(read);
  } else {
    read(body);
  }
  return error;
}

}  // namespace

Verdict judge_response(std::string_view body) {
  Progress progress;
  const std::string_view text = trimmed(parse_event(Framing::ndjson, body, progress.metadata.tool).data.value_or(""));
  if (text.empty()) return verdict_of(Completeness::error, "the answer is empty", progress);
  if (!begins_as_json(text)) return verdict_of(Completeness::complete, "", progress);
  JsonDocument document;
  if (const Status status = document.parse(text); !status) {
    return verdict_of(Completeness::incomplete, "the answer is not whole JSON: " + status.error().message, progress);
  }
  std::string error = read_body(JsonValue(document), progress);
  if (!error.empty()) return verdict_of(Completeness::error, std::move(error), progress);
  if (!progress.ended.value_or(true)) {
    return verdict_of(Completeness::incomplete, "the answer says that it is not finished", progress);
  }
  return verdict_of(Completeness::complete, "", progress);
}

}  // namespace libcache
