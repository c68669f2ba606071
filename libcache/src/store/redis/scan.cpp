#include "store/redis/scan.h"

#include <span>
#include <utility>

#include "store/redis/flights.h"

namespace libcache::internal::redis {

namespace {

// A pattern for SCAN that matches names starting with `prefix`, which may hold glob characters of its own.
std::string pattern_of(std::string_view prefix) {
  std::string pattern;
  for (const char c : prefix) {
    if (std::string_view("*?[]\\").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern + '*';
}

}  // namespace

Result<std::vector<Listing>> describe(Client& client, std::vector<std::string> names, std::size_t head_bytes,
                                      UnixTime now, Deadline deadline) {
  std::vector<Listing> listings;
  if (names.empty()) return listings;
  const std::string last_byte = std::to_string(head_bytes - (head_bytes == 0 ? 0 : 1));
  std::vector<Command> commands;
  for (const std::string& name : names) {
    commands.push_back({"STRLEN", name});
    if (head_bytes > 0) commands.push_back({"GETRANGE", name, "0", last_byte});
    commands.push_back({"PTTL", name});
  }
  auto replies = client.run_all(commands, Repeat::allowed, deadline);
  if (!replies) return tl::make_unexpected(replies.error());
  const std::size_t per_name = commands.size() / names.size();
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::span<Reply> about(replies->data() + i * per_name, per_name);
    if (about[0].is_error("WRONGTYPE")) continue;
    for (std::size_t j = 0; j < per_name; ++j) {
      if (about[j].is_error()) return client.refused(about[j], commands[i * per_name + j]);
    }
    const std::int64_t milliseconds_left = about.back().integer;  // -1: for ever, -2: gone
    if (milliseconds_left == -2) continue;
    Listing& listing = listings.emplace_back();
    listing.name = std::move(names[i]);
    listing.size = static_cast<std::uint64_t>(about[0].integer);
    if (head_bytes > 0) listing.head = std::move(about[1].text);
    if (milliseconds_left >= 0) listing.expires = now + Milliseconds(milliseconds_left);
  }
  return listings;
}

Scan::Scan(Client& client, const Clock& clock, std::string_view prefix, std::size_t head_bytes,
           const Store::Visitor& visit, Deadline deadline)
    : client_(client),
      clock_(clock),
      prefix_(prefix),
      pattern_(pattern_of(prefix)),
      head_bytes_(head_bytes),
      visit_(visit),
      deadline_(deadline) {}

// A key that moves from a server not yet visited to one that has been is missed: where that may have happened, all are
// visited again, until they show nothing new.
Status Scan::run() {
  auto before = client_.layout(deadline_);
  if (!before) return tl::make_unexpected(before.error());
  for (bool first = true;; first = false) {
    const auto seen = seen_.size();
    const auto more = visit_servers();
    if (!more) return tl::make_unexpected(more.error());
    if (!*more) return {};
    auto after = client_.layout(deadline_);
    if (!after) return tl::make_unexpected(after.error());
    const bool same = before->servers == after->servers;
    const bool moving = before->moving || after->moving;
    if (same && (!moving || (!first && seen_.size() == seen))) return {};
    before = std::move(after);
  }
}

Result<bool> Scan::visit_servers() {
  const auto masters = client_.masters(deadline_);
  if (!masters) return tl::make_unexpected(masters.error());
  for (const auto& master : *masters) {
    const auto more = visit_server(*master);
    if (!more || !*more) return more;
  }
  return true;
}

Result<bool> Scan::visit_server(Node& server) {
  constexpr std::size_t kBatch = 500;
  std::vector<std::string> names;
  std::string cursor = "0";
  do {
    const auto page = client_.run_at(server, {"SCAN", cursor, "MATCH", pattern_, "COUNT", "1000"}, deadline_);
    if (!page) return tl::make_unexpected(page.error());
    if (page->elements.size() != 2) {
      return fail(ErrorCode::refused, server.endpoint().name() + " answered SCAN with something else");
    }
    cursor = page->elements[0].text;
    for (const Reply& name : page->elements[1].elements) {
      // The pattern is the server's business; what is ours is decided here.
      if (!name.text.starts_with(prefix_) || is_lease_name(name.text)) continue;
      if (seen_.insert(name.text).second) names.push_back(name.text);
    }
    if (names.size() < kBatch && cursor != "0") continue;
    const auto more = visit_names(std::exchange(names, {}));
    if (!more || !*more) return more;
  } while (cursor != "0");
  return true;
}

Result<bool> Scan::visit_names(std::vector<std::string> names) {
  const auto listings = describe(client_, std::move(names), head_bytes_, clock_(), deadline_);
  if (!listings) return tl::make_unexpected(listings.error());
  for (const Listing& listing : *listings) {
    const auto more = visit_(listing);
    if (!more || !*more) return more;
  }
  return true;
}

}  // namespace libcache::internal::redis
