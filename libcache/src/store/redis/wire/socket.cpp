#include "store/redis/wire/socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <thread>
#include <utility>

#include "store/redis/wire/error.h"
#include "store/redis/wire/resolve.h"
#include "store/redis/wire/socket_io.h"

namespace libcache::internal::redis {

namespace {

tl::unexpected<Error> fail_errno(int error) {
  return fail(code_of_errno(error), std::strerror(error));
}

tl::unexpected<Error> peer_closed() {
  return fail(ErrorCode::unavailable, "the server closed the connection");
}

// How long recv() and send() block before poll() takes over. Most servers reply sooner, which saves the poll().
constexpr timeval kBlockingTime{.tv_sec = 0, .tv_usec = 10'000};

Status block_briefly(int descriptor) {
  const int flags = fcntl(descriptor, F_GETFL);
  const bool set = setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &kBlockingTime, sizeof kBlockingTime) == 0 &&
                   setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &kBlockingTime, sizeof kBlockingTime) == 0 &&
                   fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK) == 0;
  return set ? Status() : fail_errno(errno);
}

int poll_timeout(Deadline deadline) {
  return static_cast<int>(std::min<Milliseconds::rep>(deadline.remaining().count(), INT_MAX));
}

// 0, or an errno. connect() to a unix socket does not wait while the server's queue is full, so this does.
int begin_connect(int descriptor, const Address& address, Deadline deadline) {
  const auto* name = reinterpret_cast<const sockaddr*>(&address.storage);
  while (::connect(descriptor, name, address.size) != 0) {
    if (errno != EAGAIN || address.storage.ss_family != AF_UNIX) return errno;
    if (deadline.expired()) return ETIMEDOUT;
    std::this_thread::sleep_for(std::min(Milliseconds(10), deadline.remaining()));
  }
  return 0;
}

// 0, or the errno of a connect() that was in progress.
int connect_result(int descriptor) {
  int error = 0;
  socklen_t size = sizeof(error);
  return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace

std::string Endpoint::name() const {
  if (!socket_path.empty()) return socket_path;
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Socket::Socket(Socket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), tls_(std::exchange(other.tls_, std::nullopt)) {}

Socket& Socket::operator=(Socket&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(tls_, other.tls_);
  return *this;
}

Socket::~Socket() {
  if (descriptor_ >= 0) close(descriptor_);
}

Result<Socket> Socket::connect(const Endpoint& endpoint, const TlsContext* tls, Deadline deadline) {
  const auto addresses = resolve(endpoint, deadline);
  if (!addresses) return fail(addresses.error());
  const auto connect_to = [&](const Address& address, Deadline until) -> Result<Socket> {
    const int family = address.storage.ss_family;
    Socket socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (socket.descriptor_ < 0) return fail_errno(errno);
    const int on = 1;
    if (family != AF_UNIX) setsockopt(socket.descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    const int begun = begin_connect(socket.descriptor_, address, until);
    if (begun == 0) return socket;
    if (begun != EINPROGRESS) return fail_errno(begun);
    if (const Status ready = socket.wait(POLLOUT, until); !ready) return fail(ready.error());
    if (const int error = connect_result(socket.descriptor_); error != 0) return fail_errno(error);
    return socket;
  };
  Result<Socket> socket = fail(ErrorCode::internal, "");
  for (std::size_t i = 0; i < addresses->size() && !socket; ++i) {
    // An address that does not respond must leave time for the others.
    const auto shares = static_cast<Milliseconds::rep>(addresses->size() - i);
    socket = connect_to((*addresses)[i], deadline.capped(deadline.remaining() / shares));
  }
  if (!socket) return socket;
  Status ready = tls == nullptr ? Status() : socket->shake_hands(*tls, endpoint.host, deadline);
  if (ready) ready = block_briefly(socket->descriptor_);
  if (!ready) return fail(ready.error());
  return socket;
}

Status Socket::shake_hands(const TlsContext& tls, const std::string& host, Deadline deadline) {
  auto session = TlsSession::create(tls, descriptor_, host);
  if (!session) return fail(session.error());
  tls_ = std::move(*session);
  for (;;) {
    const auto moved = tls_->handshake();
    if (!moved) return fail(moved.error());
    if (moved->bytes > 0) return {};
    if (const Status ready = wait(moved->wait_for, deadline); !ready) {
      return fail(ready.error().code, "TLS handshake: " + ready.error().message);
    }
  }
}

Status Socket::wait(short events, Deadline deadline) const {
  for (;;) {
    if (deadline.expired()) return fail(ErrorCode::timeout, "timed out");
    pollfd waiting{.fd = descriptor_, .events = events, .revents = 0};
    const int ready = poll(&waiting, 1, poll_timeout(deadline));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return fail_errno(errno);
  }
}

Result<Transfer> Socket::try_send(std::string_view bytes) {
  if (tls_) return tls_->write(bytes);
  const ssize_t sent = send_some(descriptor_, bytes.data(), bytes.size());
  if (sent >= 0) return Transfer{.bytes = static_cast<std::size_t>(sent)};
  if (would_block()) return Transfer{.wait_for = POLLOUT};
  return fail_errno(errno);
}

Result<Transfer> Socket::try_receive(std::span<char> buffer) {
  if (tls_) return tls_->read(buffer);
  const ssize_t received = receive_some(descriptor_, buffer.data(), buffer.size());
  if (received > 0) return Transfer{.bytes = static_cast<std::size_t>(received)};
  if (received == 0) return peer_closed();
  if (would_block()) return Transfer{.wait_for = POLLIN};
  return fail_errno(errno);
}

Status Socket::send(std::string_view bytes, Deadline deadline) {
  for (;;) {
    const auto moved = try_send(bytes);
    if (!moved) return fail(moved.error());
    bytes.remove_prefix(moved->bytes);
    if (bytes.empty()) return {};
    if (deadline.expired()) return fail(ErrorCode::timeout, "timed out");
    if (moved->bytes > 0) continue;
    if (const Status ready = wait(moved->wait_for, deadline); !ready) return ready;
  }
}

Result<std::size_t> Socket::receive(std::span<char> buffer, Deadline deadline) {
  for (;;) {
    if (deadline.expired()) return fail(ErrorCode::timeout, "timed out");
    const auto moved = try_receive(buffer);
    if (!moved) return fail(moved.error());
    if (moved->bytes > 0) return moved->bytes;
    if (const Status ready = wait(moved->wait_for, deadline); !ready) return fail(ready.error());
  }
}

void Socket::shut_down() const {
  ::shutdown(descriptor_, SHUT_RDWR);
}

bool Socket::is_quiet() const {
  if (tls_ && tls_->has_pending()) return false;
  pollfd looking{.fd = descriptor_, .events = POLLIN | POLLRDHUP, .revents = 0};
  return poll(&looking, 1, 0) == 0;
}

}  // namespace libcache::internal::redis
