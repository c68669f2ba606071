// Which upstream a request goes to.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llmcache::serve {

struct Upstream {
  std::string name;  // empty: the only upstream, which takes every request
  std::string url;   // without a slash at the end
};

class Upstreams {
 public:
  // The providers' own URLs.
  static Upstreams built_in();
  // Adds or replaces one: NAME=URL, or a URL that takes every request instead of all that were there. A name after such a
  // URL is added to the built-in ones. Throws a Failure (usage).
  void add(const std::string& text);
  // Whether a text for add() is NAME=URL.
  static bool has_name(std::string_view text);
  // The URL that a request target leads to: the upstream's URL, then the rest of the target byte for byte. Nothing for
  // a target that is not a path.
  std::optional<std::string> url_of(std::string_view target) const;
  // Whether paths begin with the names of upstreams.
  bool has_names() const { return upstreams_.size() != 1 || !upstreams_.front().name.empty(); }

 private:
  const Upstream* find(std::string_view name) const;
  std::vector<Upstream> upstreams_;
};

}  // namespace llmcache::serve
