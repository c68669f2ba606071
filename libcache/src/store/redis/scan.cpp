#include "store/redis/scan.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <iterator>
#include <utility>

#include "base/hash.h"
#include "store/redis/flight_names.h"
#include "store/redis/rows.h"

namespace libcache::internal::redis {

namespace {

// A pattern for SCAN that matches the names starting with `prefix`, which may contain glob characters.
std::string pattern_of(std::string_view prefix) {
  std::string pattern;
  for (const char c : prefix) {
    if (std::string_view("*?[]\\").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern + '*';
}

// One SCAN of one server, page by page, with guards against a server whose SCAN never ends.
class Cursor {
 public:
  const std::string& text() const { return text_; }
  // How much of the server's keyspace the next page covers: more while pages contain nothing of ours.
  std::string count() const { return std::to_string(count_); }
  bool at_end() const { return pages_ > 0 && text_ == "0"; }

  // False: the scan repeats itself, or has taken more pages than any server can have.
  bool advance(std::string text, bool page_is_empty) {
    constexpr unsigned kShortestPage = 1000;
    constexpr unsigned kLongestPage = 16'000;
    constexpr unsigned kMostEmptyPages = 1 << 15;
    text_ = std::move(text);
    empty_pages_ = page_is_empty ? empty_pages_ + 1 : 0;
    count_ = page_is_empty ? std::min(2 * count_, kLongestPage) : kShortestPage;
    if (text_ == checkpoint_ || empty_pages_ > kMostEmptyPages) return at_end();
    // A cursor is compared with one earlier cursor only, which is replaced after 1, 2, 4, 8, ... pages: this finds
    // every cycle.
    if (std::has_single_bit(++pages_)) checkpoint_ = text_;
    return true;
  }

 private:
  std::string text_ = "0";
  std::string checkpoint_;
  std::uint64_t pages_ = 0;
  unsigned empty_pages_ = 0;
  unsigned count_ = 1000;
};

}  // namespace

bool SeenNames::insert(std::string_view name) {
  constexpr std::size_t kMostRecent = 64 << 10;
  const std::uint64_t hash = xxh3_64(name);
  if (std::ranges::binary_search(sorted_, hash) || !recent_.insert(hash).second) return false;
  if (recent_.size() < kMostRecent) return true;
  std::vector<std::uint64_t> recent(recent_.begin(), recent_.end());
  std::ranges::sort(recent);
  std::vector<std::uint64_t> all;
  all.reserve(sorted_.size() + recent.size());
  std::ranges::merge(sorted_, recent, std::back_inserter(all));
  sorted_ = std::move(all);
  recent_.clear();
  return true;
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

// A key that moves from a server that has not been visited to one that has been would be missed. If keys may have
// moved, all servers are visited again, until no new name is found.
Status Scan::run() {
  constexpr int kMostRounds = 20;
  auto before = client_.placement(deadline_);
  if (!before) return fail(before.error());
  for (int round = 0; round < kMostRounds; ++round) {
    const auto seen = seen_.size();
    const auto more = visit_servers();
    if (!more) return fail(more.error());
    if (!*more) return {};
    auto after = client_.placement(deadline_);
    if (!after) return fail(after.error());
    const bool same = before->servers == after->servers;
    const bool moving = before->moving || after->moving;
    if (same && (!moving || (round > 0 && seen_.size() == seen))) return {};
    before = std::move(after);
  }
  return fail(ErrorCode::unavailable, client_.url() + ": keys kept moving between servers while they were listed");
}

Result<bool> Scan::visit_servers() {
  const auto masters = client_.masters(deadline_);
  if (!masters) return fail(masters.error());
  for (const auto& master : *masters) {
    const auto more = visit_server(*master);
    if (!more || !*more) return more;
  }
  return true;
}

Result<bool> Scan::visit_server(Node& server) {
  constexpr std::size_t kNamesAtOnce = 500;
  std::vector<std::string> names;
  for (Cursor cursor; !cursor.at_end();) {
    const std::string count = cursor.count();
    auto page = client_.run_on(server, {"SCAN", cursor.text(), "MATCH", pattern_, "COUNT", count}, deadline_);
    if (!page) return fail(page.error());
    if (page->elements.size() != 2) {
      return fail(ErrorCode::refused, server.endpoint().name() + " sent a malformed reply to SCAN");
    }
    const auto before = names.size();
    for (const Reply& name : page->elements[1].elements) {
      // The server may match more than the literal prefix.
      if (!name.text.starts_with(prefix_) || is_lease_name(name.text)) continue;
      if (seen_.insert(name.text)) names.push_back(name.text);
    }
    if (!cursor.advance(std::move(page->elements[0].text), names.size() == before)) {
      return fail(ErrorCode::refused, server.endpoint().name() + ": SCAN does not end");
    }
    if (names.size() < kNamesAtOnce && !cursor.at_end()) continue;
    const auto more = visit_names(std::exchange(names, {}));
    if (!more || !*more) return more;
  }
  return true;
}

Result<bool> Scan::visit_names(const std::vector<std::string>& names) {
  const auto rows = look_up(client_, names, head_bytes_, clock_(), deadline_);
  if (!rows) return fail(rows.error());
  for (const auto& row : *rows) {
    if (!row) continue;
    const auto more = visit_(*row);
    if (!more || !*more) return more;
  }
  return true;
}

}  // namespace libcache::internal::redis
