// The requests of a Bifrost gateway as a table: which members reach the key, in which order and when. The program that
// reads the table is in bifrost_record.h; nothing else knows the shape of a request.
#pragma once

#include <libcache/key.h>

#include <cstddef>
#include <span>

#include "key/bifrost/types.h"

namespace libcache::internal::bifrost {

inline constexpr std::size_t kMaxFields = 16;  // of one record

// What follows provider and model in the hashed bytes of a form.
std::span<const Field> request_fields(BifrostForm form);

}  // namespace libcache::internal::bifrost
