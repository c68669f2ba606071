#include "store/redis/wire/resolve.h"

#include <netdb.h>
#include <sys/un.h>

#include <cstring>
#include <future>
#include <memory>
#include <system_error>

#include "base/thread.h"

namespace libcache::internal::redis {

namespace {

using Addresses = Result<std::vector<Address>>;

Addresses look_up(const Endpoint& endpoint, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found);
  if (error != 0) {
    return fail(ErrorCode::unavailable, "cannot find the host " + endpoint.host + ": " + gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> list(found, freeaddrinfo);
  std::vector<Address> addresses;
  for (const addrinfo* each = list.get(); each != nullptr; each = each->ai_next) {
    Address& address = addresses.emplace_back();
    std::memcpy(&address.storage, each->ai_addr, each->ai_addrlen);
    address.size = each->ai_addrlen;
  }
  return addresses;
}

Addresses unix_address(const std::string& path) {
  Address address;
  sockaddr_un name{};
  if (path.size() >= sizeof(name.sun_path)) return fail(ErrorCode::refused, "the socket's path is too long: " + path);
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, path.c_str(), path.size() + 1);
  std::memcpy(&address.storage, &name, sizeof(name));
  address.size = sizeof(name);
  return std::vector{address};
}

}  // namespace

Addresses resolve(const Endpoint& endpoint, Deadline deadline) {
  if (!endpoint.socket_path.empty()) return unix_address(endpoint.socket_path);
  if (auto numeric = look_up(endpoint, AI_NUMERICHOST)) return numeric;
  // getaddrinfo() cannot be interrupted. If the name servers do not answer in time, its thread is left to end by itself.
  auto promise = std::make_shared<std::promise<Addresses>>();
  auto found = promise->get_future();
  try {
    start_thread([promise, endpoint] { promise->set_value(look_up(endpoint, AI_ADDRCONFIG)); }).detach();
  } catch (const std::system_error&) {
    return fail(ErrorCode::unavailable, "the thread that looks up a host cannot be started");
  }
  if (found.wait_until(deadline.time()) != std::future_status::ready) {
    return fail(ErrorCode::timeout, "timed out looking up the host " + endpoint.host);
  }
  return found.get();
}

}  // namespace libcache::internal::redis
