// Canonical JSON (RFC 8785): one spelling of each value, so that equal values have equal bytes. There is one exception
// to the RFC: integers beyond the exact range of doubles keep their digits; otherwise different integers would be
// written as the same number.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "text/json/document.h"

namespace libcache::internal {

// How the canonical text of the root object differs from the document.
struct CanonicalEdits {
  // A string member that is added to the members of the root, in its sorted place.
  struct Member {
    std::string_view name;
    std::string_view value;
  };
  std::span<const std::uint32_t> removed;  // members to leave out, as ascending indexes of nodes
  std::optional<Member> added;             // no remaining member of the root has its name
};

// Appends the canonical text of a value. Does not recurse.
void append_canonical(std::string& out, const JsonDocument& document, const JsonNode& value,
                      const CanonicalEdits& edits = {});

// Appends a value, in valid UTF-8, as a canonical JSON string.
void append_canonical_string(std::string& out, std::string_view value);

}  // namespace libcache::internal
