#include "store/redis/flights.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <system_error>
#include <thread>
#include <utility>

#include "base/hex.h"

namespace libcache::internal::redis {

namespace {

std::string random_token() {
  std::random_device random;
  std::array<std::uint8_t, 16> bytes{};
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return to_hex(bytes);
}

}  // namespace

SharedFlights::SharedFlights(Client& client, const RedisOptions& options)
    : client_(client), operation_timeout_(options.operation_timeout) {
  auto& longest = waiting_.longest_block;
  longest = std::min(longest, options.operation_timeout / 2);
  if (options.read_timeout) longest = std::min(longest, *options.read_timeout / 2);
  waiting_.places = static_cast<int>(std::max<std::size_t>(options.pool.size / 2, 1));
}

Result<Flight> SharedFlights::join(std::string_view name, Deadline deadline) {
  constexpr Milliseconds kLongestPause{100};
  const auto until = deadline.capped(operation_timeout_);
  std::string token = random_token();
  FlightNames names(name, token);
  const std::string time = std::to_string(kLeaseTime.count());
  const std::vector<Command> commands = {
      {"SET", names.lease, token, "NX", "PX", time}, {"GET", names.lease}, {"EXISTS", name}};
  for (Milliseconds pause{5};; pause = std::min(2 * pause, kLongestPause)) {
    // If SET is sent twice, it finds its own token.
    auto replies = client_.run_all(commands, Repeat::allowed, until);
    if (!replies) return fail(replies.error());
    std::string& lease = (*replies)[1].text;
    Flight flight;
    if (lease == token) {
      try {
        flight.lease = make_lease(client_, std::move(names), std::move(token));
      } catch (const std::system_error&) {  // it expires
        return fail(ErrorCode::unavailable, "the thread that renews a lease cannot be started");
      }
      flight.value_present = (*replies)[2].integer != 0;
      return flight;
    }
    if (!lease.empty()) {
      flight.tail = make_live_tail(client_, FlightNames(name, token_in(lease)), lease, waiting_);
      return flight;
    }
    // The previous lease has expired between SET and GET.
    std::this_thread::sleep_for(std::min(pause, until.remaining()));
  }
}

}  // namespace libcache::internal::redis
