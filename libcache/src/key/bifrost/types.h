// The types of a Bifrost gateway's requests, as far as they show in JSON.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "text/json/document.h"

namespace libcache::internal::bifrost {

struct Field;

// A type of the gateway's, as far as it shows in JSON.
struct Type {
  enum class Kind {
    string,
    integer,  // 64 bits; an integer token
    number,   // float64
    boolean,
    bytes,   // a string of base64
    any,     // any value
    map,     // an object of any values
    list,    // of `element`
    single,  // a string, which becomes a list of one
    record,  // of `fields`; members that it does not name are dropped
    either,  // a string or an `element`; marshals itself, and reads null as ""
  };
  Kind kind;
  const Type* element = nullptr;
  std::span<const Field> fields = {};
  bool null_if_empty = false;  // lists: written as null
};

// When a member of a record is written. A null counts as absent, except for Kind::either.
enum class When {
  always,        // absent: its type's zero value
  nullable,      // absent: null
  if_present,    // absent: not at all
  if_not_empty,  // absent or empty: not at all
};

struct Field {
  std::string_view name;
  const Type* type;
  When when;
  std::string_view source = {};  // the member that holds the value, where that is not `name`
  bool required = false;         // absent or empty: the gateway rejects the request
  bool inlined = false;          // a record whose members stand beside it, in its own place

  std::string_view key() const { return source.empty() ? name : source; }
};

// Whether Go would take `node` for a value of this type.
bool accepts(const Type& type, const JsonNode& node);

// What it would take, for messages: "an integer".
std::string expectation(const Type& type);

// Whether omitempty would leave `node` out.
bool is_empty(const Type& type, const JsonNode& node);

}  // namespace libcache::internal::bifrost
