#include "store/redis/flights.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <utility>

#include "base/hex.h"

namespace libcache::internal::redis {

namespace {

constexpr std::string_view kLeaseInfix = "_lease{";

std::string random_token() {
  std::random_device random;
  std::array<std::uint8_t, 16> bytes{};
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return to_hex(bytes);
}

}  // namespace

FlightNames flight_names(std::string_view name, std::string token) {
  const std::string base(name);
  std::string live = base + "_live{" + base + "}" + token;
  std::string followed = base + "_followed{" + base + "}" + token;
  return {base + std::string(kLeaseInfix) + base + "}", std::move(live), std::move(followed), std::move(token)};
}

bool is_lease_name(std::string_view name) {
  if (!name.ends_with('}') || name.size() <= kLeaseInfix.size()) return false;
  const std::size_t half = (name.size() - kLeaseInfix.size() - 1) / 2;
  return name == flight_names(name.substr(0, half), {}).lease;
}

SharedFlights::SharedFlights(Client& client, const RedisOptions& options) : client_(client), longest_block_(250) {
  longest_block_ = std::min(longest_block_, options.operation_timeout / 2);
  if (options.read_timeout) longest_block_ = std::min(longest_block_, *options.read_timeout / 2);
}

Result<Flight> SharedFlights::join(std::string_view name, Deadline deadline) {
  FlightNames names = flight_names(name, random_token());
  const std::string time = std::to_string(kLeaseTime.count());
  const std::vector<Command> commands = {
      {"SET", names.lease, names.token, "NX", "PX", time}, {"GET", names.lease}, {"EXISTS", name}};
  for (;;) {
    // Sent twice, it would find its own token.
    auto replies = client_.run_all(commands, Repeat::allowed, deadline);
    if (!replies) return tl::make_unexpected(replies.error());
    for (std::size_t i = 0; i < commands.size(); ++i) {
      if ((*replies)[i].is_error()) return client_.refused((*replies)[i], commands[i]);
    }
    Reply& holder = (*replies)[1];
    if (holder.is_nil()) continue;  // it has just expired
    Flight flight;
    if (holder.text == names.token) {
      flight.lease = make_lease(client_, std::move(names));
      flight.value_present = (*replies)[2].integer != 0;
    } else {
      flight.tail = make_live_tail(client_, flight_names(name, std::move(holder.text)), longest_block_);
    }
    return flight;
  }
}

}  // namespace libcache::internal::redis
