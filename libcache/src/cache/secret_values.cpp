#include "cache/secret_values.h"

#include <libcache/entry.h>

#include <optional>
#include <utility>

#include "answer/secrets.h"

namespace libcache::internal {

namespace {

Result<Answer> answer_of(const Entry& entry) {
  Answer answer;
  answer.kind = entry.kind();
  Recording& recording = answer.recording;
  std::string& bytes = entry.kind() == EntryKind::stream ? recording.bytes : answer.body;
  const auto add = [&](const Chunk& chunk) -> Status {
    bytes += chunk.bytes;
    recording.marks.push_back({bytes.size(), chunk.at});
    return {};
  };
  return entry.read(add).map([&] { return std::move(answer); });
}

// The same entry with another answer, and without its request.
Result<std::string> with_answer(const Entry& entry, const Answer& answer) {
  const auto head = entry.head();
  if (!head) return fail(head.error());
  const std::vector<Chunk> chunks = answer.recording.chunks();
  EntryDraft draft;
  draft.kind = head->kind;
  draft.created = head->created;
  draft.expires = head->expires;
  draft.request_digest = head->request_digest;
  draft.metadata = head->metadata;
  draft.body = answer.body;
  if (head->kind == EntryKind::stream) draft.chunks = chunks;
  return encode(draft);
}

// Does it in one value. Returns why it is not to be stored; empty: it may be.
Result<std::string> remove_secrets(std::string& bytes, OnSecret on_secret) {
  const auto entry = Entry::open(bytes);
  if (!entry) return fail(entry.error());
  const auto metadata = entry->metadata();
  if (!metadata) return fail(metadata.error());
  const auto request = entry->request();
  if (!request) return fail(request.error());
  const auto answer = answer_of(*entry);
  if (!answer) return fail(answer.error());
  auto checked = check_secrets(metadata->endpoint, request->value_or(""), *answer, on_secret);
  if (!checked.redacted) return std::move(checked.refusal);
  auto rewritten = with_answer(*entry, *checked.redacted);
  if (!rewritten) return fail(rewritten.error());
  bytes = *std::move(rewritten);
  return std::string();
}

// A gateway's values are JSON, and nothing in them is redacted.
std::string find_secret_in_value(const std::string& bytes) {
  const auto secret = find_secret(bytes);
  return secret ? "the entry holds what looks like " + *secret + " (see --on-secret)" : "";
}

}  // namespace

Status remove_secrets(std::vector<NamedValue>& values, OnSecret on_secret, KeyScheme scheme) {
  if (on_secret == OnSecret::allow) return {};
  for (NamedValue& value : values) {
    const auto refusal = scheme == KeyScheme::native ? remove_secrets(value.bytes, on_secret)
                                                     : Result<std::string>(find_secret_in_value(value.bytes));
    if (!refusal) return fail(refusal.error());
    if (!refusal->empty()) return fail(ErrorCode::policy, value.name + ": " + *refusal);
  }
  return {};
}

}  // namespace libcache::internal
