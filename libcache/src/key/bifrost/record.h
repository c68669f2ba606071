// Writes the members of a request that reach a Bifrost key, by the table in bifrost_schema.h.
#pragma once

#include <libcache/result.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "key/bifrost/schema.h"
#include "text/json/document.h"
#include "text/json/go.h"

namespace libcache::internal::bifrost {

// What became of a value: which of the hashed bytes it is.
struct Trace {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool read = false;
  bool free = false;  // all it holds went along with it
};

// The last member whose name is `name` in letters of any case, as Go finds it; nullptr for none.
const JsonNode* find_member(const JsonDocument& document, const JsonNode& object, std::string_view name);

// One use.
class RecordWriter {
 public:
  // Puts what becomes of each node into `traces`, if given, which has one for each.
  RecordWriter(std::string& out, const JsonDocument& document, std::vector<Trace>* traces)
      : out_(out), document_(document), traces_(traces) {}

  // Appends the members of a record to an object that is open in `out`. Fails (invalid) where the gateway does.
  Status write_fields(std::span<const Field> fields, const JsonNode& object);

 private:
  bool fields(std::span<const Field> fields, const JsonNode* object);
  bool field(const Field& field, const JsonNode* node);
  bool record(const Type& type, const JsonNode* object);
  bool value(const Type& type, const JsonNode& node);
  bool untraced(const Type& type, const JsonNode& node);
  bool integer(const JsonNode& node);
  bool bytes(const JsonNode& node);
  bool list(const Type& type, const JsonNode& node);
  bool either(const Type& type, const JsonNode& node);
  bool zero(const Type& type);
  bool error(const JsonNode& node, std::string_view what);

  std::string& out_;
  const JsonDocument& document_;
  std::vector<Trace>* traces_;
  GoStrings strings_ = GoStrings::standard;
  std::string error_;
};

}  // namespace libcache::internal::bifrost
