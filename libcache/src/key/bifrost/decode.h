// Reads requests as Go's decoders do: member names match in letters of any case, and a repeated member is decoded over
// the earlier one, so that records and maps merge and lists reuse their elements.
#pragma once

#include <libcache/result.h>

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "key/bifrost/value.h"
#include "text/json/document.h"

namespace libcache::internal::bifrost {

// Whether `name` is `lower` in letters of any case.
bool matches(std::string_view name, std::string_view lower);

// Refers to the document.
class Decoder {
 public:
  explicit Decoder(const JsonDocument& document) : document_(document) {}

  // Decodes a record. Fails (invalid) if the gateway rejects it, and says at which member.
  Result<Value> decode(const Type& record, const JsonNode& object);

  // Pairs of containers: one that was decoded first, and a later one that was decoded over it, in the order of
  // decoding.
  std::span<const std::pair<const JsonNode*, const JsonNode*>> merged() const { return merged_; }

 private:
  bool decode_field(const Field& field, const JsonNode& node, Value& value);
  bool decode_value(const Type& type, const JsonNode& node, Value& value);
  bool decode_record(const Type& type, const JsonNode* object, Value& value);
  bool decode_list(const Type& type, const JsonNode& node, Value& value);
  bool decode_either(const Type& type, const JsonNode& node, Value& value);
  bool is_one(const JsonNode& node, const Value& either);
  bool check_scalar(const Type& type, const JsonNode& node);
  bool check_numbers(const JsonNode& node);
  void enter(const JsonNode& node, Value& value);
  bool error(const JsonNode& node, std::string_view what);

  const JsonDocument& document_;
  std::vector<std::pair<const JsonNode*, const JsonNode*>> merged_;
  std::string error_;
};

}  // namespace libcache::internal::bifrost
