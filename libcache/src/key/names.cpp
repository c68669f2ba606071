#include "key/names.h"

#include <fmt/format.h>

#include <algorithm>

namespace libcache::internal {

namespace {

bool is_control(char character) {
  return static_cast<unsigned char>(character) < 0x20 || character == 0x7f;
}

Status check_part(std::string_view what, std::string_view part, std::size_t longest = 256) {
  if (part.size() > longest) {
    return fail(ErrorCode::invalid, fmt::format("the {} is longer than {} bytes", what, longest));
  }
  if (std::any_of(part.begin(), part.end(), is_control)) {
    return fail(ErrorCode::invalid, fmt::format("the {} holds a control character", what));
  }
  return {};
}

// `name` without `suffix`, unless nothing else would be left of it or it does not end so.
std::string_view without(std::string_view name, std::string_view suffix) {
  if (name.size() > suffix.size() && name.ends_with(suffix)) name.remove_suffix(suffix.size());
  return name;
}

// The same for a suffix with a number behind it.
std::string_view without_numbered(std::string_view name, std::string_view suffix) {
  const std::size_t digits = name.find_last_not_of("0123456789") + 1;
  const std::string_view front = without(name.substr(0, digits), suffix);
  return digits < name.size() && front.size() < digits ? front : name;
}

}  // namespace

Status check_names(const KeyOptions& options) {
  if (options.session.empty()) return fail(ErrorCode::invalid, "the session is empty");
  if (auto status = check_part("prefix", options.prefix); !status) return status;
  constexpr std::size_t kLongestGatewaySession = 64 << 10;
  return options.scheme == KeyScheme::native ? check_part("session", options.session)
                                             : check_part("session", options.session, kLongestGatewaySession);
}

void name_entries(RequestKey& key, const KeyOptions& options, std::string_view hash) {
  key.base = session_prefix(options).append(hash);
  key.response_name = options.sample == 0 ? key.base : fmt::format("{}{}{}", key.base, kSampleSuffix, options.sample);
  key.stream_name = key.response_name;
  key.stream_name += options.scheme == KeyScheme::native ? kStreamSuffix : kChunkSuffix;
}

}  // namespace libcache::internal

namespace libcache {

using namespace internal;

std::string session_prefix(const KeyOptions& options) {
  return options.prefix + options.session + '_';
}

std::string_view base_of(std::string_view name) {
  return without_numbered(without_numbered(without(without(name, kStreamSuffix), kChunkSuffix), kChunkSuffix),
                          kSampleSuffix);
}

}  // namespace libcache
