#include "cli/naming.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "cli/request_argument.h"
#include "process/input.h"
#include "text.h"

namespace llmcache {

namespace lc = libcache;

namespace {

constexpr std::size_t kFewestDigits = 8;

bool is_start_of_hash(const std::string& argument) {
  return argument.size() >= kFewestDigits && argument.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
}

bool is_full_name(Context& context, const std::string& argument) {
  const std::string response = context.cache().entry_name(argument, lc::EntryKind::response);
  return lc::EntryName::parse(response, context.key_options().scheme).has_value();
}

lc::EntryKind kind_of(const Context& context, const std::string& name) {
  const auto parts = lc::EntryName::parse(name, context.key_options().scheme);
  return parts && parts->stream ? lc::EntryKind::stream : lc::EntryKind::response;
}

struct Found {
  std::set<std::string> names;
  std::set<std::string> base_keys;
};

// The entries under `prefix` whose hash begins with these digits, a stream of chunks as one entry, and the base keys that
// they belong to: those of two sessions are two.
Found find_under(Context& context, const std::string& prefix, bool session_only, const std::string& digits) {
  Found found;
  const lc::KeyOptions options = context.key_options();
  const auto visit = [&](const lc::ScanRow& row) -> lc::Result<bool> {
    const auto name = lc::EntryName::parse(row.name, options.scheme);
    if (!name || !name->hash.starts_with(digits)) return true;
    if (session_only && !lc::is_of_session(row.name, options)) return true;
    found.base_keys.insert(std::string(name->owner) + std::string(name->hash));
    found.names.insert(context.cache().entry_name(row.name, kind_of(context, row.name)));
    return true;
  };
  checked(context.cache().store().scan(prefix, 0, visit, context.long_deadline()));
  return found;
}

// Those of the session, which a store finds by the beginnings of their names. Only if it has none, those of all sessions.
Found find_by_hash(Context& context, const std::string& digits) {
  auto found = find_under(context, lc::session_prefix(context.key_options()) + digits, true, digits);
  if (found.names.empty() && !context.is_set("session")) {
    found = find_under(context, context.key_options().prefix, false, digits);
  }
  return found;
}

[[noreturn]] void ambiguous(const std::string& argument, const std::vector<std::string>& candidates) {
  constexpr std::size_t kMost = 10;
  std::string list;
  for (std::size_t i = 0; i < std::min(kMost, candidates.size()); ++i) list += (i == 0 ? "" : ", ") + candidates[i];
  if (candidates.size() > kMost) list += fmt::format(" and {} more", candidates.size() - kMost);
  usage_error(fmt::format("'{}' matches several entries: {}", argument, list));
}

}  // namespace

bool is_request(const std::string& argument) {
  struct stat status{};
  return argument == "-" || (::stat(argument.c_str(), &status) == 0 && !S_ISDIR(status.st_mode));
}

void require_request(const std::string& argument) {
  if (!is_request(argument)) usage_error(fmt::format("'{}' is not a file; a request is expected here", argument));
}

std::string read_request(const std::string& argument) {
  require_request(argument);
  return read_input(argument);
}

std::vector<std::string> names_of_entries(Context& context, const std::string& argument, Naming naming) {
  if (naming == Naming::request || (naming == Naming::either && is_request(argument))) {
    const auto key = checked(about_request(argument, context.cache().key(read_request(argument))));
    warn_of_unmatched(context, key.unmatched);
    return {key.response_name};
  }
  if (is_full_name(context, argument)) return {argument};
  Found found;
  if (is_start_of_hash(argument)) found = find_by_hash(context, lower_case(argument));
  if (found.names.empty()) {
    usage_error(
        fmt::format("'{}' is neither {}the full name of an entry nor the first {} or more hex digits of a stored "
                    "entry's hash",
                    argument, naming == Naming::either ? "a file nor " : "", kFewestDigits));
  }
  std::vector<std::string> names(found.names.begin(), found.names.end());
  if (found.base_keys.size() > 1) ambiguous(argument, names);
  return names;
}

std::string name_of_entry(Context& context, const std::string& argument, Naming naming,
                          std::optional<lc::EntryKind> kind) {
  std::vector<std::string> names = names_of_entries(context, argument, naming);
  if (names.size() > 1 && kind) {
    std::vector<std::string> of_kind;
    std::ranges::copy_if(names, std::back_inserter(of_kind),
                         [&](const std::string& name) { return context.cache().entry_name(name, *kind) == name; });
    if (!of_kind.empty()) names = std::move(of_kind);
  }
  if (names.size() > 1) ambiguous(argument, names);
  return names.front();
}

std::vector<std::string> response_and_stream(Context& context, const std::string& name) {
  const std::string stream = context.cache().entry_name(name, libcache::EntryKind::stream);
  if (context.cache().entry_name(name, libcache::EntryKind::response) != name) return {stream};
  return {name, stream};
}

}  // namespace llmcache
