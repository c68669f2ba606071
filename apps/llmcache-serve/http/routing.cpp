#include "http/routing.h"

#include <fmt/format.h>

#include <algorithm>

#include "failure.h"
#include "http/access.h"
#include "http/headers.h"
#include "text.h"

namespace llmcache::serve {

namespace {

// Which provider a path without an upstream's name belongs to. The first rule that matches decides.
struct PathRule {
  std::string_view prefix;
  bool whole_segment;  // the prefix ends where a path segment ends
  std::string_view upstream;
};

constexpr PathRule kPathRules[] = {
    {"/v1/messages", true, "anthropic"},
    {"/v1beta/", false, "gemini"},
    {"/api/", false, "ollama"},
    {"/", false, "openai"},
};

bool matches(const PathRule& rule, std::string_view path) {
  if (!path.starts_with(rule.prefix)) return false;
  return !rule.whole_segment || path.size() == rule.prefix.size() || path[rule.prefix.size()] == '/';
}

bool is_name_character(char character) {
  return is_letter_or_digit(character) || character == '-' || character == '_' || character == '.';
}

std::string checked_url(std::string_view url, const std::string& text) {
  const std::size_t scheme = starts_with_ignoring_case(url, "http://")    ? 7
                             : starts_with_ignoring_case(url, "https://") ? 8
                                                                          : 0;
  const bool has_host = scheme > 0 && url.size() > scheme && url[scheme] != '/' && url[scheme] != '?';
  const std::string_view authority = url.substr(scheme, url.find('/', scheme) - scheme);
  const bool has_good_port = has_valid_port(authority.substr(authority.rfind('@') + 1));
  if (!has_host || !has_good_port || url.find_first_of("#? \t\r\n") != url.npos) {
    usage_error(
        fmt::format("--upstream {}: expected NAME=URL or URL, where URL is http(s)://host[:port][/path]", text));
  }
  while (url.ends_with('/')) url.remove_suffix(1);
  return std::string(url);
}

}  // namespace

Upstreams Upstreams::built_in() {
  Upstreams upstreams;
  upstreams.upstreams_ = {
      {"openai", "https://api.openai.com"},
      {"anthropic", "https://api.anthropic.com"},
      {"gemini", "https://generativelanguage.googleapis.com"},
      {"ollama", "http://127.0.0.1:11434"},
  };
  return upstreams;
}

bool Upstreams::has_name(std::string_view text) {
  const std::size_t equals = text.find('=');  // may also belong to a URL without a name
  return equals != text.npos && equals > 0 && std::ranges::all_of(text.substr(0, equals), is_name_character);
}

void Upstreams::add(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (!has_name(text)) {
    upstreams_ = {{"", checked_url(text, text)}};
    return;
  }
  if (!has_names()) *this = built_in();
  const std::string name = text.substr(0, equals);
  if (name == "_llmcache") usage_error(fmt::format("--upstream {}: the name is that of the server's own pages", text));
  const std::string url = checked_url(std::string_view(text).substr(equals + 1), text);
  std::erase_if(upstreams_, [&](const Upstream& upstream) { return upstream.name == name; });
  upstreams_.push_back({name, url});
}

const Upstream* Upstreams::find(std::string_view name) const {
  const auto found = std::ranges::find(upstreams_, name, &Upstream::name);
  return found == upstreams_.end() ? nullptr : &*found;
}

std::optional<std::string> Upstreams::url_of(std::string_view target) const {
  if (!target.starts_with('/')) return std::nullopt;
  if (const Upstream* only = find("")) return only->url + std::string(target);
  const std::size_t end = std::min(target.find_first_of("/?", 1), target.size());
  if (const Upstream* named = find(target.substr(1, end - 1)); named && end > 1) {
    const std::string_view rest = target.substr(end);
    return named->url + (rest.starts_with('/') ? "" : "/") + std::string(rest);
  }
  const std::string_view path = target.substr(0, target.find('?'));
  const auto rule = std::ranges::find_if(kPathRules, [&](const PathRule& r) { return matches(r, path); });
  const Upstream* upstream = find(rule->upstream);
  return upstream ? std::optional(upstream->url + std::string(target)) : std::nullopt;
}

}  // namespace llmcache::serve
