#include "store/redis/store.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "base/process_owned.h"
#include "store/redis/doctor/diagnosis.h"
#include "store/redis/flights.h"
#include "store/redis/removal.h"
#include "store/redis/routing/make_route.h"
#include "store/redis/rows.h"
#include "store/redis/scan.h"
#include "store/redis/statistics.h"
#include "text/integer.h"

namespace libcache::internal {
namespace {

using redis::Command;
using redis::Repeat;
using redis::Reply;

class RedisStore final : public Store {
 public:
  RedisStore(std::unique_ptr<redis::Route> route, const StoreUrl& url, const StoreOptions& options)
      : owned_client_(std::move(route), url.redacted(), options.redis.operation_timeout),
        flights_(client_, options.redis),
        clock_(options.clock),
        url_(url),
        user_(options.redis.user.value_or(url.user)),
        insecure_(options.redis.tls.insecure),
        statistics_(client_, clock_, !url.read_only, url.kind == StoreUrl::Kind::redis_cluster) {}

  Result<std::optional<std::string>> get(std::string_view name, Deadline deadline) override {
    auto value = client_.read({"GET", name}, deadline);
    if (!value) return fail(std::move(value.error()));
    if (value->is_nil()) return std::nullopt;
    return std::move(value->text);
  }

  Result<bool> put(std::string_view name, std::string_view value, const PutOptions& options,
                   Deadline deadline) override {
    if (const auto fits = check_size(value.size(), deadline); !fits) return fail(fits.error());
    Command command = {"SET", name, value};
    std::string left;
    if (options.expires) {
      const auto milliseconds = (*options.expires - clock_()).count();
      if (milliseconds <= 0 && !options.only_new) return forget(name, deadline);
      left = std::to_string(std::max<Milliseconds::rep>(1, milliseconds));
      command.insert(command.end(), {"PX", left});
    }
    if (options.only_new) command.push_back("NX");
    // Sent twice, NX could find the value that it wrote itself.
    const auto reply = client_.run(command, options.only_new ? Repeat::forbidden : Repeat::allowed, deadline);
    if (!reply) return fail(reply.error());
    return !reply->is_nil();
  }

  Result<std::uint64_t> remove(std::span<const std::string> names, Deadline deadline) override {
    return removal_.remove(names, deadline);
  }

  Status scan(std::string_view prefix, std::size_t head_bytes, const Visitor& visit, Deadline deadline) override {
    return redis::Scan(client_, clock_, prefix, head_bytes, visit, deadline).run();
  }

  Result<std::optional<ScanRow>> look_up(std::string_view name, std::size_t head_bytes, Deadline deadline) override {
    const std::string names[] = {std::string(name)};
    return redis::look_up(client_, names, head_bytes, clock_(), deadline).map([](auto rows) {
      return std::move(rows[0]);
    });
  }

  Result<Removed> remove_unchanged(std::span<const ScanRow> rows, Deadline deadline) override {
    return removal_.remove_unchanged(rows, deadline);
  }

  Result<std::vector<std::optional<StoredValue>>> get_all(std::span<const std::string> names,
                                                          Deadline deadline) override;
  Status put_all(std::span<const NamedValue> values, std::optional<UnixTime> expires, Deadline deadline) override;

  Flights* flights() override { return &flights_; }
  Statistics* statistics() override { return &statistics_; }

  Status ping(Deadline deadline) override {
    const auto ping_all = [&](const redis::Masters& masters) -> Status {
      for (const auto& master : masters) {
        const auto pong = client_.run_on(*master, {"PING"}, deadline);
        if (!pong) return fail(pong.error());
      }
      return {};
    };
    return client_.with_masters(ping_all, deadline);
  }

  std::vector<Finding> diagnose(const DiagnosisOptions& options, Deadline deadline) override {
    return redis::diagnose({client_, url_, user_, insecure_, clock_, options, deadline});
  }

 private:
  // Writing a value that has expired already amounts to removing it.
  Result<bool> forget(std::string_view name, Deadline deadline) {
    const auto removed = remove(std::vector{std::string(name)}, deadline);
    if (!removed) return fail(removed.error());
    return true;
  }

  Status check_size(std::size_t size, Deadline deadline);
  Result<std::size_t> ask_largest_value(Deadline deadline);

  ProcessOwned<redis::Client> owned_client_;
  redis::Client& client_ = *owned_client_;
  redis::SharedFlights flights_;
  const Clock clock_;
  const StoreUrl url_;
  const std::string user_;
  const bool insecure_;
  redis::SharedStatistics statistics_;
  redis::Removal removal_{client_, clock_, url_.kind == StoreUrl::Kind::redis_cluster};
  std::atomic<std::size_t> largest_value_ = 0;  // 0: not known yet
};

// Each value and its remaining time in one round trip. A value that expires between the two commands counts as missing.
Result<std::vector<std::optional<StoredValue>>> RedisStore::get_all(std::span<const std::string> names,
                                                                    Deadline deadline) {
  std::vector<std::optional<StoredValue>> values(names.size());
  if (names.empty()) return values;
  std::vector<Command> commands;
  for (const std::string& name : names) {
    commands.push_back({"GET", name});
    commands.push_back({"PTTL", name});
  }
  auto replies = client_.read_all(commands, deadline);
  if (!replies) return fail(replies.error());
  const UnixTime now = clock_();
  for (std::size_t i = 0; i < values.size(); ++i) {
    Reply& value = (*replies)[2 * i];
    const Reply& left = (*replies)[2 * i + 1];
    constexpr auto kMissing = -2;
    if (value.is_nil() || left.integer == kMissing) continue;
    values[i] = StoredValue{std::move(value.text), std::nullopt};
    if (left.integer >= 0) values[i]->expires = now + Milliseconds(left.integer);
  }
  return values;
}

Status RedisStore::put_all(std::span<const NamedValue> values, std::optional<UnixTime> expires, Deadline deadline) {
  if (values.empty()) return {};
  const std::string left =
      expires ? std::to_string(std::max<Milliseconds::rep>(1, (*expires - clock_()).count())) : std::string();
  std::vector<Command> commands;
  for (const NamedValue& value : values) {
    if (auto fits = check_size(value.bytes.size(), deadline); !fits) return fits;
    commands.push_back({"SET", value.name, value.bytes});
    if (expires) commands.back().insert(commands.back().end(), {"PX", left});
  }
  return client_.run_all(commands, Repeat::allowed, deadline).map([](const auto&) {});
}

// Rejects a value that the server would reject by closing the connection while it is sent.
Status RedisStore::check_size(std::size_t size, Deadline deadline) {
  constexpr std::size_t kAlwaysAccepted = 1 << 20;  // the smallest proto-max-bulk-len that can be set
  if (size <= kAlwaysAccepted) return {};
  if (largest_value_ == 0) {
    const auto largest = ask_largest_value(deadline);
    if (!largest) return fail(largest.error());
    largest_value_ = *largest;
  }
  if (size <= largest_value_) return {};
  return fail(ErrorCode::policy, client_.url() + " accepts values of up to " + std::to_string(largest_value_) +
                                     " bytes; this one has " + std::to_string(size));
}

Result<std::size_t> RedisStore::ask_largest_value(Deadline deadline) {
  constexpr std::size_t kDefault = 512 << 20;
  std::size_t limit = kDefault;
  const auto ask_first = [&](const redis::Masters& masters) -> Status {
    const auto reply = client_.run_on(*masters.front(), {"CONFIG", "GET", "proto-max-bulk-len"}, deadline);
    // Without the right to ask, the server's default is assumed.
    if (!reply) return reply.error().code == ErrorCode::refused ? Status() : fail(reply.error());
    if (reply->elements.size() != 2) return {};
    limit = parse_integer<std::size_t>(reply->elements[1].text).value_or(kDefault);
    return {};
  };
  if (const Status asked = client_.with_masters(ask_first, deadline); !asked) {
    return fail(asked.error());
  }
  return std::min(limit, kDefault);
}

}  // namespace

Result<std::unique_ptr<Store>> open_redis_store(const StoreUrl& url, const StoreOptions& options) {
  auto route = redis::make_route(url, options);
  if (!route) return fail(route.error());
  return std::make_unique<RedisStore>(std::move(*route), url, options);
}

}  // namespace libcache::internal
