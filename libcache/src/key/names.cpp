#include "key/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "base/hash.h"
#include "text/ascii.h"
#include "text/integer.h"

namespace libcache::internal {

namespace {

constexpr std::string_view kEndpointSuffix = "_at_";    // 16 hex digits follow
constexpr std::string_view kSampleSuffix = "_sample_";  // the sample's number follows
constexpr std::size_t kEndpointDigits = 16;

Status check_part(std::string_view what, std::string_view part, std::size_t longest) {
  if (part.size() > longest) {
    return fail(ErrorCode::invalid, fmt::format("the {} is longer than {} bytes", what, longest));
  }
  if (std::ranges::any_of(part, is_control)) {
    return fail(ErrorCode::invalid, fmt::format("the {} contains a control character", what));
  }
  return {};
}

std::size_t count_last(std::string_view name, std::string_view digits) {
  return name.size() - (name.find_last_not_of(digits) + 1);  // npos + 1 is 0
}

std::size_t count_last_hex(std::string_view name) {
  return count_last(name, "0123456789abcdef");
}

// Removes a suffix from a name; false if the name has no such suffix or would be empty without it.
bool cut(std::string_view& name, std::string_view suffix) {
  if (name.size() <= suffix.size() || !name.ends_with(suffix)) return false;
  name.remove_suffix(suffix.size());
  return true;
}

// The same for a suffix that ends in a number. A number of 32 bits, written without leading zeros, cannot be taken for
// a native hash.
std::optional<std::uint32_t> cut_numbered(std::string_view& name, std::string_view suffix) {
  const std::size_t count = count_last(name, "0123456789");
  const std::string_view digits = name.substr(name.size() - count);
  const auto number = parse_integer<std::uint32_t>(digits);
  if (!number || (count > 1 && digits[0] == '0')) return std::nullopt;
  std::string_view front = name.substr(0, name.size() - count);
  if (!cut(front, suffix)) return std::nullopt;
  name = front;
  return number;
}

std::string_view cut_endpoint(std::string_view& name) {
  if (count_last_hex(name) != kEndpointDigits) return {};
  const std::string_view digits = name.substr(name.size() - kEndpointDigits);
  std::string_view front = name.substr(0, name.size() - kEndpointDigits);
  if (!cut(front, kEndpointSuffix)) return {};
  name = front;
  return digits;
}

// How many hex digits a scheme's hash has.
bool is_hash_size(std::size_t size, KeyScheme scheme) {
  return scheme == KeyScheme::native ? size == 32 : size >= 1 && size <= 16;
}

}  // namespace

Status check_names(const KeyOptions& options) {
  constexpr std::size_t kLongest = 256;
  constexpr std::size_t kLongestGatewaySession = 64 << 10;
  const bool native = options.scheme == KeyScheme::native;
  if (options.session.empty()) return fail(ErrorCode::invalid, "the session is empty");
  if (auto status = check_part("prefix", options.prefix, kLongest); !status) return status;
  return check_part("session", options.session, native ? kLongest : kLongestGatewaySession);
}

void name_entries(RequestKey& key, const KeyOptions& options) {
  key.base = session_prefix(options).append(key.hash);
  if (!key.endpoint.empty()) {
    fmt::format_to(std::back_inserter(key.base), "{}{:016x}", kEndpointSuffix, xxh3_64(key.endpoint));
  }
  key.response_name = options.sample == 0 ? key.base : fmt::format("{}{}{}", key.base, kSampleSuffix, options.sample);
  key.stream_name = key.response_name;
  key.stream_name += options.scheme == KeyScheme::native ? kStreamSuffix : kChunkSuffix;
}

std::string_view without_kind(std::string_view name) {
  if (!cut(name, kStreamSuffix) && !cut(name, kChunkSuffix)) cut_numbered(name, kChunkSuffix);
  return name;
}

bool covers(std::string_view key, std::string_view name, KeyScheme scheme) {
  const auto entry = EntryName::parse(name, scheme);
  const auto wanted = EntryName::parse(key, scheme);
  if (!entry || !wanted || entry->owner != wanted->owner || entry->hash != wanted->hash) return false;
  if (wanted->sample != 0) return entry->sample == wanted->sample && entry->endpoint == wanted->endpoint;
  return wanted->endpoint.empty() || entry->endpoint == wanted->endpoint;
}

}  // namespace libcache::internal

namespace libcache LIBCACHE_EXPORT {

using namespace internal;

std::optional<EntryName> EntryName::parse(std::string_view name, KeyScheme scheme) {
  EntryName parts;
  if (scheme == KeyScheme::native) {
    parts.stream = cut(name, kStreamSuffix);
    std::string_view front = name;
    if (const auto sample = cut_numbered(front, kSampleSuffix); sample && *sample > 0) {
      parts.sample = *sample;
      name = front;
    }
    parts.endpoint = cut_endpoint(name);
  } else {
    parts.stream = cut_numbered(name, kChunkSuffix).has_value();
  }
  const std::size_t digits = count_last_hex(name);
  if (!is_hash_size(digits, scheme)) return std::nullopt;
  parts.hash = name.substr(name.size() - digits);
  name.remove_suffix(digits);
  if (!cut(name, "_")) return std::nullopt;
  parts.owner = name;
  return parts;
}

std::string session_prefix(const KeyOptions& options) {
  return options.prefix + options.session + '_';
}

bool is_of_session(std::string_view name, const KeyOptions& options) {
  const auto parts = EntryName::parse(name, options.scheme);
  return parts && parts->owner.size() == options.prefix.size() + options.session.size() &&
         parts->owner.starts_with(options.prefix) && parts->owner.ends_with(options.session);
}

}  // namespace libcache LIBCACHE_EXPORT
