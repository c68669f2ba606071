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

// Why a value is not stored; nothing: it holds no secret, or holds it no longer.
Result<std::optional<std::string>> remove_secrets(std::string& bytes, bool redacts) {
  const auto entry = Entry::open(bytes);
  if (!entry) return fail(entry.error());
  const auto metadata = entry->metadata();
  if (!metadata) return fail(metadata.error());
  if (const auto secret = find_secret(metadata->endpoint)) return describe_secret_in("endpoint", *secret);
  const auto request = entry->request();
  if (!request) return fail(request.error());
  auto answer = answer_of(*entry);
  if (!answer) return fail(answer.error());
  const auto secret = find_secret(request->value_or(""), *answer);
  if (!secret || !redacts) return secret;
  const auto redacted = without_secrets(*std::move(answer));
  if (!redacted) return secret;
  auto rewritten = with_answer(*entry, *redacted);
  if (!rewritten) return fail(rewritten.error());
  bytes = *std::move(rewritten);
  return std::nullopt;
}

}  // namespace

Status remove_secrets(std::vector<NamedValue>& values, OnSecret on_secret, KeyScheme scheme) {
  if (on_secret == OnSecret::allow) return {};
  for (NamedValue& value : values) {
    const bool redacts = on_secret == OnSecret::redact;
    // The gateway's values are JSON as they are.
    const auto secret = scheme == KeyScheme::native ? remove_secrets(value.bytes, redacts)
                                                    : Result<std::optional<std::string>>(find_secret(value.bytes));
    if (!secret) return fail(secret.error());
    if (*secret) return fail(ErrorCode::policy, value.name + ": " + **secret + " (see --on-secret)");
  }
  return {};
}

}  // namespace libcache::internal
