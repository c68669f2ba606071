// The two system calls that move bytes, shared by plain and TLS connections.
#pragma once

#include <sys/socket.h>

#include <cerrno>
#include <cstddef>

namespace libcache::internal::redis {

// As send(2) and recv(2), but without SIGPIPE if the peer has closed the connection, and never interrupted (EINTR).
inline ssize_t send_some(int socket, const char* bytes, std::size_t size) {
  ssize_t sent = 0;
  do {
    sent = ::send(socket, bytes, size, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent;
}

inline ssize_t receive_some(int socket, char* buffer, std::size_t size) {
  ssize_t received = 0;
  do {
    received = ::recv(socket, buffer, size, 0);
  } while (received < 0 && errno == EINTR);
  return received;
}

inline bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK;
}

}  // namespace libcache::internal::redis
