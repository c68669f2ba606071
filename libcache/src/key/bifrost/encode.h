// Writes the decoded request as Go's encoder does: the bytes that a gateway hashes.
#pragma once

#include <string>
#include <vector>

#include "key/bifrost/value.h"
#include "text/json/document.h"
#include "text/json/go.h"

namespace libcache::internal::bifrost {

// The hashed bytes to which a node was written.
struct Trace {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool hashed = false;
  bool whole = false;  // all its descendants were hashed with it
};

// One use.
class Encoder {
 public:
  // If `traces` is given, it has one element for each node, in which the node's bytes are recorded.
  Encoder(std::string& out, const JsonDocument& document, MinusZero minus_zero, std::vector<Trace>* traces)
      : out_(out), document_(document), minus_zero_(minus_zero), traces_(traces) {}

  // Appends the fields of a record to an object that is open in `out`.
  void write_fields(const Type& record, const Value& value);

 private:
  void write_field(const Field& field, const Value& value);
  void write_value(const Type& type, const Value& value);
  void write_record(const Type& type, const Value& value);
  void write_list(const Type& type, const Value& value);
  void write_map(const Value& value);
  void write_either(const Type& type, const Value& value);
  void write_scalar(const Type& type, const JsonNode* node);
  void write_zero(const Type& type);
  void trace(const JsonNode* node, std::size_t begin, bool whole);

  std::string& out_;
  const JsonDocument& document_;
  MinusZero minus_zero_;
  std::vector<Trace>* traces_;
  GoStrings strings_ = GoStrings::standard;
};

}  // namespace libcache::internal::bifrost
