#include "entry/rejection.h"

#include "base/hash.h"
#include "base/hex.h"

namespace libcache::internal {

namespace {

constexpr UnixTime kLongAgo{};

}  // namespace

std::string digest_of_answer(std::string_view answer) {
  return to_hex(sha256_of({{answer}}));
}

Result<std::string> encode_rejection(const Entry& rejected, UnixTime now) {
  const auto head = rejected.head();
  if (!head) return fail(head.error());
  const auto body = rejected.body();
  if (!body) return fail(body.error());
  Metadata metadata;
  metadata.provider = head->metadata.provider;
  metadata.model = head->metadata.model;
  metadata.endpoint = head->metadata.endpoint;
  metadata.tool = head->metadata.tool;
  metadata.rejected = digest_of_answer(*body);
  return encode({.kind = head->kind,
                 .created = now,
                 .expires = kLongAgo,
                 .request_digest = head->request_digest,
                 .metadata = metadata});
}

std::string rejected_answer(const Entry& entry) {
  if (entry.expires() != kLongAgo) return {};
  return entry.metadata().value_or(Metadata{}).rejected;
}

bool is_rejection(std::string_view value) {
  const auto head = decode_head(value);
  return head && head->expires == kLongAgo && !head->metadata.rejected.empty();
}

}  // namespace libcache::internal
