// Canonical JSON (RFC 8785): one spelling of each value, so that equal values have equal bytes. One exception to the
// RFC: integers beyond the exact range of doubles keep their digits, for otherwise different ones would be written
// alike.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "text/json/document.h"

namespace libcache::internal {

// How the root object's canonical text departs from the document.
struct CanonicalEdits {
  // A string member that is put in its place among the root's members.
  struct Member {
    std::string_view name;
    std::string_view value;
  };
  std::span<const std::uint32_t> removed;  // members that are left out, as ascending indexes of nodes
  std::optional<Member> added;             // none of the root's members that stay has its name
};

// Appends the canonical text of a value. Does not recurse.
void append_canonical(std::string& out, const JsonDocument& document, const JsonNode& value,
                      const CanonicalEdits& edits = {});

// Appends the canonical string of a value in valid UTF-8.
void append_canonical_string(std::string& out, std::string_view value);

}  // namespace libcache::internal
