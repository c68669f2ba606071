// The types of a Bifrost gateway's requests, as far as they show in JSON.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "text/json/document.h"

namespace libcache::internal::bifrost {

struct Field;

enum class Kind {
  string,
  integer,  // 64 bits; an integer token
  number,   // float64
  boolean,
  bytes,   // a string of base64
  any,     // any value
  map,     // an object of any values
  list,    // of `element`
  record,  // of `fields`; other members are dropped
  either,  // a string or an `element`; has Go methods of its own to read and write it
};

struct Type {
  Kind kind;
  const Type* element = nullptr;
  std::span<const Field> fields = {};
  bool appends = false;  // either: a repeated list is appended to the earlier one instead of replacing it
};

// When a field of a record is written. Go holds the nullable and if_present ones as pointers.
enum class When {
  always,        // if absent, as the type's zero value
  nullable,      // if absent, as null
  if_present,    // unless absent or null
  if_not_empty,  // unless absent or empty
  never,         // only its type is checked
};

struct Field {
  std::string_view name;
  const Type* type;
  When when;
  bool required = false;  // if it is absent or empty, the gateway rejects the request
};

// Whether Go accepts `node`, which is not null, for a value of this type.
bool accepts(const Type& type, const JsonNode& node);

// The values that it would accept, for messages: "an integer".
std::string expectation(const Type& type);

}  // namespace libcache::internal::bifrost
