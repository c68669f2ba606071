#include "support/toxic_proxy.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

namespace support {

namespace {

// Waits. False: the connection has ended meanwhile.
bool wait_on(int socket, std::chrono::milliseconds time) {
  pollfd waiting{.fd = socket, .events = POLLRDHUP, .revents = 0};
  return poll(&waiting, 1, static_cast<int>(time.count())) == 0;
}

std::string receive(int socket) {
  std::string bytes(64 << 10, '\0');
  bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(0, recv(socket, bytes.data(), bytes.size(), 0))));
  return bytes;
}

}  // namespace

void ToxicProxy::spoil(Toxic toxic, int answers) {
  const std::lock_guard lock(mutex_);
  toxic_ = toxic;
  answers_ = answers;
}

Toxic ToxicProxy::next_toxic() {
  const std::lock_guard lock(mutex_);
  if (answers_ == 0) return {};
  if (answers_ > 0) --answers_;
  return toxic_;
}

bool ToxicProxy::is_silent() {
  const std::lock_guard lock(mutex_);
  return toxic_.kind == Toxic::Kind::silent;
}

void ToxicProxy::serve(int client) {
  const Descriptor server(connect_to_loopback(server_));
  if (server.get() < 0) return;
  for (;;) {
    pollfd sides[] = {{.fd = client, .events = POLLIN, .revents = 0},
                      {.fd = server.get(), .events = POLLIN, .revents = 0}};
    if (poll(sides, 2, -1) < 0) return;
    if (sides[0].revents != 0) {
      const std::string request = receive(client);
      if (request.empty() || !send_all(server.get(), request.data(), request.size())) return;
    }
    if (sides[1].revents != 0) {
      const std::string answer = receive(server.get());
      if (answer.empty() || !forward(answer, client)) return;
    }
  }
}

// False: the connection has ended.
bool ToxicProxy::forward(const std::string& answer, int client) {
  const Toxic toxic = next_toxic();
  switch (toxic.kind) {
    case Toxic::Kind::silent:
      while (is_silent()) {
        if (!wait_on(client, std::chrono::milliseconds(10))) return false;
      }
      return send_all(client, answer.data(), answer.size());
    case Toxic::Kind::drip:
      return std::ranges::all_of(
          answer, [&](const char& byte) { return wait_on(client, toxic.delay) && send_all(client, &byte, 1); });
    case Toxic::Kind::reset:
      reset_on_close(client);
      [[fallthrough]];
    case Toxic::Kind::cut:
      send_all(client, answer.data(), std::min(toxic.bytes, answer.size()));
      return false;
    case Toxic::Kind::latency:
      if (!wait_on(client, toxic.delay)) return false;
      [[fallthrough]];
    case Toxic::Kind::none:
      return send_all(client, answer.data(), answer.size());
  }
  return false;
}

}  // namespace support
