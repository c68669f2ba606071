// A rejection: what is kept under the name of an entry that was rejected, so that nothing brings its answer back.
//
// It is an entry without request and answer that expired in 1970, so that readers that do not know rejections miss too.
// How long it lasts is the expiry that its store is given.
#pragma once

#include <libcache/entry.h>

#include <string>
#include <string_view>

namespace libcache::internal {

// The SHA-256 of an answer, in hex: what a rejection remembers of it.
std::string digest_of_answer(std::string_view answer);

// The bytes of the rejection of an entry. Fails: corrupt, if the entry cannot be read.
Result<std::string> encode_rejection(const Entry& rejected, UnixTime now);

// The digest of the answer that was rejected; empty if the entry is an answer.
std::string rejected_answer(const Entry& entry);
// Whether the bytes of a value are those of a rejection.
bool is_rejection(std::string_view value);

}  // namespace libcache::internal
