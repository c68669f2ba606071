#include "answer/judge.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace libcache::internal {

namespace {

constexpr std::string_view kDone = "[DONE]";

bool begins_as_json(std::string_view text) {
  return text.starts_with('{') || text.starts_with('[');
}

// What proxies and gateways send in an API's place, often with status 200.
bool begins_as_html(std::string_view text) {
  for (const std::string_view beginning : {"<!doctype html", "<html"}) {
    const auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
    if (text.size() >= beginning.size() && std::ranges::equal(text.substr(0, beginning.size()), beginning, same))
      return true;
  }
  return false;
}

Verdict verdict_of(Progress& progress, std::string lack) {
  if (!progress.error.empty()) return {Completeness::error, std::move(progress.error), std::move(progress.metadata)};
  const auto completeness = lack.empty() ? Completeness::complete : Completeness::incomplete;
  return {completeness, std::move(lack), std::move(progress.metadata)};
}

}  // namespace

void StreamJudge::count(bool whole) {
  last_whole_ = whole;
  if (count_++ == 0) first_whole_ = whole;
}

// False: it is not JSON, or not all of it.
bool StreamJudge::read_json(std::string_view data) {
  if (!document_.parse(data)) return false;
  const JsonValue event(document_);
  read_error(event, progress_);
  if (protocol_ == nullptr) protocol_ = find_protocol(event);
  if (protocol_ != nullptr) protocol_->read(event, progress_);
  return true;
}

void StreamJudge::read(const StreamEvent& event) {
  if (event.name == "ping") return;
  const std::string_view data = trimmed(event.data.value_or(""));
  if (data == kDone) {
    progress_.done_marker = true;
    count(true);
  } else if (begins_as_json(data)) {
    count(read_json(data));
  } else if (event.data) {
    count(true);
  }
  if (event.name == "error") progress_.add_error({});
}

void StreamJudge::read_rest(const StreamEvent& event) {
  const std::string_view data = trimmed(event.data.value_or(""));
  if (data == kDone || begins_as_json(data)) return read(event);
  if (event.data) count(false);
}

std::string StreamJudge::describe_lack() const {
  if (count_ == 0) return "the stream ended before its first event";
  if (count_ == 1 && progress_.done_marker) return "the stream ended before its first event";
  if (!last_whole_) return "the stream ended inside an event";
  return protocol_ != nullptr ? protocol_->missing(progress_) : std::string();
}

Verdict StreamJudge::finish() {
  return verdict_of(progress_, describe_lack());
}

namespace {

// What was not asked for as a stream may be one: some APIs are told to stream by their URL. Nothing: it is only text
// that looks like one, of no protocol that is known.
std::optional<Verdict> judge_events(std::string_view text) {
  if (find_framing(text) != Framing::sse) return std::nullopt;
  Framer framer(Framing::sse);
  framer.close();
  StreamJudge judge;
  std::string scratch;
  std::size_t begin = 0;
  for (auto end = framer.next(text); end; end = framer.next(text)) {
    judge.read(parse_event(Framing::sse, text.substr(begin, *end - begin), scratch));
    begin = *end;
  }
  judge.read_rest(parse_event(Framing::sse, text.substr(begin), scratch));
  if (!judge.knows_protocol()) return std::nullopt;
  return judge.finish();
}

}  // namespace

Verdict judge_response(std::string_view body) {
  const std::string_view text = trimmed(body);
  if (text.empty()) return {Completeness::error, "the answer is empty", {}};
  if (begins_as_html(text)) return {Completeness::error, "the answer is an HTML page", {}};
  if (!begins_as_json(text)) return judge_events(text).value_or(Verdict());
  JsonDocument document;
  if (const Status status = document.parse(text); !status) {
    return {Completeness::incomplete, "the answer is not whole JSON: " + status.error().message, {}};
  }
  Progress progress;
  const auto read = [&progress](JsonValue answer) {
    read_error(answer, progress);
    if (const Protocol* const protocol = find_protocol(answer)) protocol->read(answer, progress);
  };
  const JsonValue root(document);
  read(root);
  root.each(read);  // Gemini's stream without server-sent events is one list
  return verdict_of(progress, progress.ended.value_or(true) ? "" : "the answer says that it is not finished");
}

}  // namespace libcache::internal
