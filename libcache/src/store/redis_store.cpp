#include "store/redis_store.h"

#include <atomic>
#include <charconv>
#include <string>
#include <unordered_set>
#include <utility>

#include "store/listing_lookup.h"
#include "store/redis_error.h"
#include "store/redis_route.h"

namespace libcache {
namespace {

using redis::Command;
using redis::Node;
using redis::Repeat;
using redis::Reply;

constexpr std::size_t kBatch = 500;

// A pattern for SCAN that matches names starting with `prefix`, which may hold glob characters of its own.
std::string pattern_of(std::string_view prefix) {
  std::string pattern;
  for (const char c : prefix) {
    if (std::string_view("*?[]\\").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern + '*';
}

class RedisStore final : public Store, public ListingLookup {
 public:
  RedisStore(std::unique_ptr<redis::Route> route, std::string url, const StoreOptions& options)
      : route_(std::move(route)),
        url_(std::move(url)),
        clock_(options.clock),
        operation_timeout_(options.redis.operation_timeout) {}

  Result<std::optional<std::string>> get(std::string_view name, Deadline deadline) override {
    auto value = run({"GET", name}, Repeat::allowed, deadline);
    if (!value) return tl::make_unexpected(value.error());
    if (value->is_nil()) return std::nullopt;
    return std::move(value->text);
  }

  Result<bool> put(std::string_view name, std::string_view value, const PutOptions& options,
                   Deadline deadline) override {
    if (const auto fits = check_size(value.size(), deadline); !fits) return tl::make_unexpected(fits.error());
    Command command = {"SET", name, value};
    std::string left;
    if (options.expires) {
      const auto milliseconds = (*options.expires - clock_()).count();
      if (milliseconds <= 0 && !options.only_new) return forget(name, deadline);
      left = std::to_string(std::max<Milliseconds::rep>(1, milliseconds));
      command.insert(command.end(), {"PX", left});
    }
    if (options.only_new) command.push_back("NX");
    // Sent twice, NX could find what it wrote itself.
    const auto reply = run(command, options.only_new ? Repeat::forbidden : Repeat::allowed, deadline);
    if (!reply) return tl::make_unexpected(reply.error());
    return !reply->is_nil();
  }

  Result<std::uint64_t> remove(std::span<const std::string> names, Deadline deadline) override {
    std::uint64_t removed = 0;
    for (; !names.empty(); names = names.subspan(std::min(kBatch, names.size()))) {
      const auto batch = remove_batch(names.first(std::min(kBatch, names.size())), deadline);
      if (!batch) return batch;
      removed += *batch;
    }
    return removed;
  }

  Status scan(std::string_view prefix, std::size_t head_bytes, const Visitor& visit, Deadline deadline) override {
    Scan scan{.prefix = prefix, .pattern = pattern_of(prefix), .head_bytes = head_bytes, .visit = visit, .seen = {}};
    auto before = route_->layout(capped(deadline));
    if (!before) return tl::make_unexpected(before.error());
    // A key that moves from a server not yet listed to one that has been is missed: then everything is listed again,
    // until a pass shows nothing new.
    for (bool first = true;; first = false) {
      const auto seen = scan.seen.size();
      const auto more = scan_servers(scan, deadline);
      if (!more) return tl::make_unexpected(more.error());
      if (!*more) return {};
      auto after = route_->layout(capped(deadline));
      if (!after) return tl::make_unexpected(after.error());
      const bool same = before->servers == after->servers;
      if (same && !before->moving && !after->moving) return {};
      if (same && !first && scan.seen.size() == seen) return {};
      before = std::move(after);
    }
  }

  Result<std::optional<Listing>> look_up(std::string_view name, Deadline deadline) override {
    auto listings = describe({std::string(name)}, 0, deadline);
    if (!listings) return tl::make_unexpected(listings.error());
    if (listings->empty()) return std::nullopt;
    return std::move(listings->front());
  }

  Status ping(Deadline deadline) override {
    deadline = capped(deadline);
    const auto masters = route_->masters(deadline);
    if (!masters) return tl::make_unexpected(masters.error());
    for (const auto& master : *masters) {
      const auto pong = run_at(*master, {"PING"}, deadline);
      if (!pong) return tl::make_unexpected(pong.error());
    }
    return {};
  }

 private:
  struct Scan {
    std::string_view prefix;
    std::string pattern;
    std::size_t head_bytes;
    const Visitor& visit;
    std::unordered_set<std::string> seen;  // SCAN may show a name twice
  };

  Deadline capped(Deadline deadline) const { return deadline.capped(operation_timeout_); }

  tl::unexpected<Error> refused(const Reply& reply, const Command& command) const {
    return tl::make_unexpected(redis::error_of(reply, command.front(), url_));
  }

  Result<Reply> run(const Command& command, Repeat repeat, Deadline deadline) {
    auto replies = route_->run({&command, 1}, repeat, capped(deadline));
    if (!replies) return tl::make_unexpected(replies.error());
    if (replies->front().is_error()) return refused(replies->front(), command);
    return std::move(replies->front());
  }

  Result<Reply> run_at(Node& node, const Command& command, Deadline deadline) {
    auto replies = node.run({&command, 1}, Repeat::allowed, capped(deadline));
    if (!replies) return tl::make_unexpected(replies.error());
    if (replies->front().is_error()) return refused(replies->front(), command);
    return std::move(replies->front());
  }

  // What has expired before it is written is as good as removed.
  Result<bool> forget(std::string_view name, Deadline deadline) {
    const auto removed = remove(std::vector{std::string(name)}, deadline);
    if (!removed) return tl::make_unexpected(removed.error());
    return true;
  }

  Result<std::uint64_t> remove_batch(std::span<const std::string> names, Deadline deadline);
  Status check_size(std::size_t size, Deadline deadline);
  Result<bool> scan_servers(Scan& scan, Deadline deadline);
  Result<bool> scan_server(Node& node, Scan& scan, Deadline deadline);
  Result<std::vector<Listing>> describe(std::vector<std::string> names, std::size_t head_bytes, Deadline deadline);

  std::unique_ptr<redis::Route> route_;
  std::string url_;  // redacted, for messages
  Clock clock_;
  Milliseconds operation_timeout_;
  std::atomic<bool> has_unlink_ = true;         // since Redis 4
  std::atomic<std::size_t> largest_value_ = 0;  // 0: not asked for yet
};

Result<std::uint64_t> RedisStore::remove_batch(std::span<const std::string> names, Deadline deadline) {
  const bool unlink = has_unlink_;
  std::vector<Command> commands;
  for (const std::string& name : names) commands.push_back({unlink ? "UNLINK" : "DEL", name});
  const auto replies = route_->run(commands, Repeat::forbidden, capped(deadline));
  if (!replies) return tl::make_unexpected(replies.error());
  if (unlink && replies->front().is_error() && replies->front().text.starts_with("ERR unknown command")) {
    has_unlink_ = false;
    return remove_batch(names, deadline);
  }
  std::uint64_t removed = 0;
  for (const Reply& reply : *replies) {
    if (reply.is_error()) return refused(reply, commands.front());
    removed += static_cast<std::uint64_t>(reply.integer);
  }
  return removed;
}

// Refuses what the server would refuse by closing the connection in the middle of it.
Status RedisStore::check_size(std::size_t size, Deadline deadline) {
  constexpr std::size_t kAlwaysTaken = 1 << 20;  // the least that proto-max-bulk-len can be set to
  constexpr std::size_t kUsualLimit = 512 << 20;
  if (size <= kAlwaysTaken) return {};
  if (largest_value_ == 0) {
    const auto masters = route_->masters(capped(deadline));
    if (!masters) return tl::make_unexpected(masters.error());
    std::size_t limit = kUsualLimit;
    // Who may not ask is told nothing; then the usual limit holds.
    const auto reply = run_at(*masters->front(), {"CONFIG", "GET", "proto-max-bulk-len"}, deadline);
    if (reply && reply->elements.size() == 2) {
      const std::string& text = reply->elements[1].text;
      std::from_chars(text.data(), text.data() + text.size(), limit);
    } else if (!reply && reply.error().code != ErrorCode::refused) {
      return tl::make_unexpected(reply.error());
    }
    largest_value_ = std::min(limit, kUsualLimit);
  }
  if (size <= largest_value_) return {};
  return fail(ErrorCode::policy, url_ + " takes values of up to " + std::to_string(largest_value_) + " bytes, not " +
                                     std::to_string(size));
}

// False: the visitor has seen enough.
Result<bool> RedisStore::scan_servers(Scan& scan, Deadline deadline) {
  const auto masters = route_->masters(capped(deadline));
  if (!masters) return tl::make_unexpected(masters.error());
  for (const auto& master : *masters) {
    const auto more = scan_server(*master, scan, deadline);
    if (!more || !*more) return more;
  }
  return true;
}

Result<bool> RedisStore::scan_server(Node& node, Scan& scan, Deadline deadline) {
  std::string cursor = "0";
  do {
    auto page = run_at(node, {"SCAN", cursor, "MATCH", scan.pattern, "COUNT", "1000"}, deadline);
    if (!page) return tl::make_unexpected(page.error());
    if (page->elements.size() != 2) return fail(ErrorCode::refused, url_ + " answered SCAN with something else");
    cursor = page->elements[0].text;
    std::vector<std::string> names;
    for (Reply& element : page->elements[1].elements) {
      // The pattern is the server's business; what is ours is decided here.
      if (!element.text.starts_with(scan.prefix) || !scan.seen.insert(element.text).second) continue;
      names.push_back(std::move(element.text));
    }
    const auto listings = describe(std::move(names), scan.head_bytes, deadline);
    if (!listings) return tl::make_unexpected(listings.error());
    for (const Listing& listing : *listings) {
      const auto more = scan.visit(listing);
      if (!more || !*more) return more;
    }
  } while (cursor != "0");
  return true;
}

// What is still there of `names`, and is a plain value.
Result<std::vector<Listing>> RedisStore::describe(std::vector<std::string> names, std::size_t head_bytes,
                                                  Deadline deadline) {
  if (names.empty()) return {};
  const std::string last_byte = std::to_string(head_bytes - (head_bytes == 0 ? 0 : 1));
  std::vector<Command> commands;
  for (const std::string& name : names) {
    commands.push_back({"STRLEN", name});
    if (head_bytes > 0) commands.push_back({"GETRANGE", name, "0", last_byte});
    commands.push_back({"PTTL", name});
  }
  auto replies = route_->run(commands, Repeat::allowed, capped(deadline));
  if (!replies) return tl::make_unexpected(replies.error());
  std::vector<Listing> listings;
  const std::size_t per_name = commands.size() / names.size();
  const UnixTime now = clock_();
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::span<Reply> about(replies->data() + i * per_name, per_name);
    if (about[0].is_error() && redis::has_code(about[0].text, "WRONGTYPE")) continue;
    for (std::size_t j = 0; j < per_name; ++j) {
      if (about[j].is_error()) return refused(about[j], commands[i * per_name + j]);
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

}  // namespace

Result<std::unique_ptr<Store>> open_redis_store(const StoreUrl& url, const StoreOptions& options) {
  auto route = redis::make_route(url, options);
  if (!route) return tl::make_unexpected(route.error());
  return std::make_unique<RedisStore>(std::move(*route), url.redacted(), options);
}

}  // namespace libcache
