// The header fields of an HTTP message, in the order in which they arrived (RFC 9110, section 5).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llmcache::serve {

struct Field {
  std::string name;
  std::string value;
};

class Headers {
 public:
  void add(std::string name, std::string value) { fields_.push_back({std::move(name), std::move(value)}); }
  void add(const Headers& others) { fields_.insert(fields_.end(), others.fields_.begin(), others.fields_.end()); }
  // Appends a continuation line to the last field (RFC 9112, section 5.2).
  void extend_last(std::string_view value);
  void remove(std::string_view name);
  void remove_beginning_with(std::string_view beginning);
  // The value of the first field of this name. Names are compared in any letter case.
  std::optional<std::string_view> first(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  // The members of a comma-separated list, from all fields of this name, without white space around them. Commas in
  // quoted strings do not separate.
  std::vector<std::string_view> list(std::string_view name) const;

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }

 private:
  std::vector<Field> fields_;
};

// What a proxy may pass on: the fields without those that concern one connection only (RFC 9110, section 7.6.1).
Headers end_to_end(const Headers& headers);

// The fields that go to the upstream: without llmcache's own options and without those that the HTTP client sets
// itself. What is stored must be readable by any client, so no compression is accepted.
Headers upstream_fields(const Headers& request);

}  // namespace llmcache::serve
