#include "key/bifrost/types.h"

namespace libcache::internal::bifrost {

bool accepts(const Type& type, const JsonNode& node) {
  switch (type.kind) {
    case Kind::string:
    case Kind::bytes:
      return node.kind == JsonKind::string;
    case Kind::integer:
      return node.kind == JsonKind::integer;
    case Kind::number:
      return node.kind == JsonKind::integer || node.kind == JsonKind::decimal;
    case Kind::boolean:
      return node.kind == JsonKind::true_ || node.kind == JsonKind::false_;
    case Kind::any:
      return true;
    case Kind::list:
      return node.kind == JsonKind::array;
    case Kind::map:
    case Kind::record:
      return node.kind == JsonKind::object;
    case Kind::either:
      return node.kind == JsonKind::string || accepts(*type.element, node);
  }
  return false;
}

std::string expectation(const Type& type) {
  switch (type.kind) {
    case Kind::integer:
      return "an integer";
    case Kind::number:
      return "a number";
    case Kind::boolean:
      return "true or false";
    case Kind::list:
      return "an array";
    case Kind::map:
    case Kind::record:
      return "an object";
    case Kind::either:
      return "a string or " + expectation(*type.element);
    default:
      return "a string";
  }
}

}  // namespace libcache::internal::bifrost
